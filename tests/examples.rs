//! Every example runs, and what it asserts holds.
//!
//! They share one process, and so one registry: each keeps to its own slices.

#[path = "../examples/catalog.rs"]
mod catalog;
#[path = "../examples/codec.rs"]
mod codec;
#[path = "../examples/config.rs"]
mod config;
#[path = "../examples/context_values.rs"]
mod context_values;
#[path = "../examples/dependencies.rs"]
mod dependencies;
#[path = "../examples/events.rs"]
mod events;
#[path = "../examples/faults.rs"]
mod faults;
#[path = "../examples/guards.rs"]
mod guards;
#[path = "../examples/handlers_impl.rs"]
mod handlers_impl;
#[path = "../examples/hello.rs"]
mod hello;
#[path = "../examples/memory_ports.rs"]
mod memory_ports;
#[path = "../examples/one_of.rs"]
mod one_of;

macro_rules! each_runs {
    ($($example:ident)*) => {$(
        #[test]
        fn $example() {
            $example::main().expect("the example runs");
        }
    )*};
}

each_runs! {
    catalog
    codec
    config
    context_values
    dependencies
    events
    faults
    guards
    handlers_impl
    hello
    memory_ports
    one_of
}

#[test]
fn no_example_is_forgotten_and_each_is_short() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("tests/examples.rs")).expect("this file");
    for entry in std::fs::read_dir(root.join("examples")).expect("the examples are beside this") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|end| end == "rs") {
            let name = path.file_name().expect("it has a name").to_string_lossy();
            assert!(list.contains(&format!("examples/{name}\"")), "{name} is not run by this test");
            let lines = std::fs::read_to_string(&path).expect("it can be read").lines().count();
            assert!(lines < 80, "{name} has {lines} lines: one concept an example");
        }
    }
}
