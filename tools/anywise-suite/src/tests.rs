//! One test for each case.

use crate::run::{run, strangers};
use crate::subject::Subject;

/// Makes one test of each of these cases, named after it, and one that says that
/// they are all.
///
/// It is given the type that is the [`Subject`], and an expression that makes
/// one; the expression is evaluated in each test.
#[macro_export]
macro_rules! tests {
    ($subject:ty, $harness:expr; $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::one::<$subject>(&$harness, stringify!($case));
            }
        )*

        #[test]
        fn every_case_is_run_and_every_skip_is_a_case() {
            $crate::complete::<$subject>(&$harness, &[$(stringify!($case)),*]);
        }
    };
}

/// Runs the case of this name in a runtime of its own.
///
/// # Panics
/// When it failed, was declared as skipped and need not be, or is not there.
pub fn one<S: Subject + ?Sized>(subject: &S, name: &str) {
    let case = S::cases().iter().find(|case| case.name == name).expect("the macro's names are the cases'");
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("there is room for a runtime");
    let verdict = runtime.block_on(run(subject, case));
    println!("{}: {verdict:?}", case.name);
}

/// The names are the cases', and the skips' are among them.
///
/// # Panics
/// When they are not.
pub fn complete<S: Subject + ?Sized>(subject: &S, names: &[&str]) {
    let known: Vec<_> = S::cases().iter().map(|case| case.name).collect();
    assert_eq!(names, known, "left: what the macro runs, right: the cases");
    assert_eq!(strangers(subject).collect::<Vec<_>>(), [""; 0]);
}
