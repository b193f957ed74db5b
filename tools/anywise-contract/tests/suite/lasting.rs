//! A store that lasts and is shared keeps the promises of the port.

use crate::double::Double;

anywise_contract::store_suite!(Double::sound());
