//! Servers that tests need: whether they may be missing, and processes of a
//! test's own.
//!
//! A test without its server says so and passes, unless `ANYWISE_REQUIRE` names
//! the server (`postgres,nats`): then it fails.

mod certificates;
mod nats;
mod process;

pub use certificates::certificates;
pub use nats::NatsServer;
pub use process::{Process, free_port};

/// Whether `ANYWISE_REQUIRE` names a server.
pub fn is_required(server: &str) -> bool {
    let required = std::env::var("ANYWISE_REQUIRE").unwrap_or_default();
    names(&required, server)
}

fn names(required: &str, server: &str) -> bool {
    required.split(',').any(|name| name.trim() == server)
}

/// Says that something is skipped, and why.
///
/// # Panics
/// If the server is required.
#[track_caller]
pub fn skip(server: &str, why: impl std::fmt::Display) {
    assert!(!is_required(server), "{why}, and {server} is required");
    eprintln!("SKIPPED: {why}");
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_server_is_required_by_its_whole_name() {
        assert!(names("postgres, nats", "nats") && names("nats", "nats"));
        assert!(!names("", "nats") && !names("natsd,postgres", "nats"));
    }
}
