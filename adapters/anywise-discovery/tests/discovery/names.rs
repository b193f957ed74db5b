//! Addresses that are none.

use anywise_discovery::{Consul, Etcd};

#[test]
fn an_address_that_is_none_is_refused_at_once() {
    for url in ["", "127.0.0.1:2379", "https://etcd:2379", "http://", "http://a?b=c"] {
        assert_eq!(Etcd::at(url).unwrap_err().code(), "AW2109", "{url}");
        assert_eq!(Consul::at(url).unwrap_err().code(), "AW2109", "{url}");
    }
    assert_eq!(Consul::at("http://c").unwrap().token("a\nb").unwrap_err().code(), "AW2109");
}
