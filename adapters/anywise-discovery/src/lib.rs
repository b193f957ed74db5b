//! Where the instances of services are found, for
//! [anywise](https://docs.rs/anywise).
//!
//! Each of these is a [`Discovery`](anywise_core::Discovery), which a remote of
//! several instances takes: `HttpRemote::found(&Dns::new(), "payment:3000")`.
//! None of them fails where nothing can be found out: what is known stays known,
//! and it is tried again.
//!
//! | | finds | feature |
//! |---|---|---|
//! | [`Fixed`] | what it was given | |
//! | [`Dns`] | the addresses of a name (A, AAAA), by the system's resolver | |
//! | `Srv` | the targets of a service (SRV), by a resolver of its own | `srv` |
//! | `Etcd` | what has registered in etcd | `etcd` |
//! | `Consul` | what has registered in Consul, and is healthy | `consul` |
//!
//! The last two are also a `Registry`: a service registers its instance for as
//! long as it serves, and is forgotten when it stops or has died.
//!
//! # What was tested against what
//!
//! DNS against the system's resolver; SRV against a DNS server on loopback that
//! is part of the tests; etcd against Debian's etcd 3.4.23, which the tests use
//! where `ANYWISE_ETCD_URL` says that it is. **Consul was tested against a small
//! server in the tests that answers as its documentation of the HTTP API says,
//! blocking queries included, and never against Consul itself.**
//!
//! Registries are reached over plain HTTP: ask one on the same machine or in a
//! network of your own.

#[cfg(feature = "registry")]
mod api;
#[cfg(feature = "consul")]
mod consul;
mod dns;
#[cfg(feature = "etcd")]
mod etcd;
mod fixed;
mod follow;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "srv")]
mod srv;

#[cfg(feature = "consul")]
pub use consul::Consul;
pub use dns::Dns;
#[cfg(feature = "etcd")]
pub use etcd::Etcd;
pub use fixed::Fixed;
#[cfg(feature = "registry")]
pub use registry::{Registered, Registry};
#[cfg(feature = "srv")]
pub use srv::Srv;

/// The user's page on remotes, so that its code is compiled and run.
#[cfg(all(doctest, feature = "etcd"))]
#[doc = include_str!("../../../docs/remote.md")]
struct Guide;
