//! The suite on stores that keep its promises, and on stores that do not.

mod double;
mod lasting;
mod memory;
mod mutants;
mod skips;
