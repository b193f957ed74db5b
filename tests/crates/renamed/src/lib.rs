//! A slice whose `anywise` has another name, beside a slice of another crate.

use any::prelude::*;

any::slice!(pub SLICE = "renamed");

/// Add two numbers.
#[command(reply = Sum)]
pub struct Add {
    /// One.
    pub a: u32,
    /// The other.
    pub b: u32,
}

/// A sum.
#[data]
#[derive(Debug, PartialEq)]
pub struct Sum {
    /// The value.
    pub value: u32,
}

/// What can go wrong.
#[derive(Debug, Fault)]
#[fault(kind = conflict, code = "renamed.overflow", message = "too large")]
pub struct Overflow;

#[handler]
async fn add(command: Add) -> Result<Sum, Overflow> {
    command.a.checked_add(command.b).map(|value| Sum { value }).ok_or(Overflow)
}

/// The same, with the path said by hand.
#[event(crate = any)]
pub struct Added;

#[listen(crate = any)]
async fn added(_: &Added) {}
