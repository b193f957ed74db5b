//! How many connections are open, in all and for each client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Limits;

/// Counts connections and says no in time.
#[derive(Debug)]
pub(crate) struct Admission {
    most: usize,
    most_each: Option<usize>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    each: HashMap<IpAddr, usize>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let files = std::fs::read_to_string("/proc/self/limits").ok();
        let files = files.as_deref().and_then(open_files);
        let most = files.map_or(limits.connections, |files| limits.connections.min(files / 5 * 4));
        let most_each = limits.connections_per_client;
        Arc::new(Self { most, most_each, open: Mutex::default() })
    }

    /// A place for one more connection of a client, if there is one.
    pub(crate) fn admit(self: &Arc<Self>, client: IpAddr) -> Result<Ticket, &'static str> {
        let client = network(client);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.most {
            return Err("the server has too many connections");
        }
        if let Some(most) = self.most_each {
            let each = open.each.entry(client).or_insert(0);
            if *each >= most {
                return Err("this client has too many connections");
            }
            *each += 1;
        }
        open.all += 1;
        Ok(Ticket { admission: Arc::clone(self), client })
    }
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    admission: Arc<Admission>,
    client: IpAddr,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(each) = open.each.get_mut(&self.client) {
            *each -= 1;
            if *each == 0 {
                open.each.remove(&self.client);
            }
        }
    }
}

/// What counts as one client: an IPv4 address, an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The soft limit of open files in the text of `/proc/self/limits`.
fn open_files(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(most: usize, most_each: Option<usize>) -> Arc<Admission> {
        Arc::new(Admission { most, most_each, open: Mutex::default() })
    }

    #[test]
    fn a_place_is_given_back() {
        let admission = admission(2, Some(1));
        let (one, two) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = admission.admit(one).expect("room");
        admission.admit(one).expect_err("one each");
        let _second = admission.admit(two).expect("room for another client");
        admission.admit([10, 0, 0, 3].into()).expect_err("two in all");
        drop(first);
        let _again = admission.admit(one).expect("room again");
        assert_eq!(admission.open.lock().expect("not poisoned").each.len(), 2);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let admission = admission(9, Some(1));
        let _first = admission.admit("2001:db8::1".parse().expect("an address")).expect("room");
        admission.admit("2001:db8::2".parse().expect("an address")).expect_err("same /64");
        admission.admit("2001:db8:0:1::1".parse().expect("an address")).expect("another /64");
    }

    #[test]
    fn the_file_limit_is_read() {
        let text = "Limit   Soft   Hard   Units\nMax open files            1024    524288   files\n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(open_files("Max open files   unlimited unlimited files"), None);
    }
}
