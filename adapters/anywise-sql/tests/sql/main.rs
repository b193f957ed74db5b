//! The stores against their databases, a module for each behaviour.

mod postgres;
