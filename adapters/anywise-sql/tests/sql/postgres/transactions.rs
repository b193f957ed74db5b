//! A function's transaction.
