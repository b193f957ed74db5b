//! Every attribute on right and wrong code, as a user's crate meets it: `cases/<attribute>/{pass,fail}`, one mistake a file.
//!
//! `TRYBUILD=overwrite cargo test -p anywise-test-ui` writes the expected messages anew; they are reviewed like code.

#[test]
fn right_code_compiles_and_wrong_code_is_told_how_to_mend_it() {
    let cases = trybuild::TestCases::new();
    cases.pass("cases/*/pass/*.rs");
    cases.compile_fail("cases/*/fail/*.rs");
}
