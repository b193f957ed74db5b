//! Against real servers: the suite that every transport passes, and what is
//! Redis' own.

mod server;
mod suite;
