//! Against real servers: the suite that every transport passes, and what is
//! Redis' own.

mod durability;
mod groups;
mod refusals;
mod server;
mod suite;
mod trouble;
