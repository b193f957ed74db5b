//! Nothing: the cases are compiled by the test.
