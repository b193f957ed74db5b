use anywise::prelude::*;

#[derive(Debug, Fault)]
#[fault(wire, kind = conflict, code = "order.closed", message = "the order is closed")]
struct Closed;

fn main() {}
