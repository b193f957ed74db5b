//! Instances as they come and go, in a list, in DNS, in etcd and in Consul.
//!
//! The tests of etcd use the one at `ANYWISE_ETCD_URL` (default
//! `http://127.0.0.1:2379`), and say that they were skipped where there is none,
//! unless `ANYWISE_REQUIRE` contains `etcd`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod consul;
mod dns;
mod etcd;
mod journey;
mod names;
mod proxy;
mod registries;
mod stand_in;
mod support;
