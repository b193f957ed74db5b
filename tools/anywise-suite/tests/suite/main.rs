//! A suite about lamps, on lamps that keep its promises and on lamps that do not.

mod lamp;
mod verdicts;

use lamp::Lamp;

mod sound {
    anywise_suite::tests! { crate::Lamp, crate::Lamp::sound();
        it_shines
        it_is_dimmed
        it_goes_out
    }
}

#[test]
#[should_panic(expected = "left: what the macro runs, right: the cases")]
fn a_case_that_is_not_run_is_told() {
    anywise_suite::complete(&Lamp::sound(), &["it_shines"]);
}
