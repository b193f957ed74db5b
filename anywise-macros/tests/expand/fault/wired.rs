/// Travels under its slice's name.
#[derive(Debug, Fault)]
#[fault(wire, kind = conflict, code = "order.closed", message = "the order is closed")]
pub struct Closed;

/// Travels under its own.
#[derive(Debug, Fault)]
#[fault(wire = "order.Wire", kind = internal, code = "order.wire", message = "wire")]
pub struct Wired;
