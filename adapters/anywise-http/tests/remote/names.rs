//! Addresses that are none.

use anywise_http::{Client, HttpRemote};

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    for url in ["", "shop", "ftp://shop", "http://", "http://a b", "http://shop?x=1"] {
        assert_eq!(HttpRemote::to(url).unwrap_err().code(), "AW2109", "{url}");
        assert_eq!(Client::connect(url).unwrap_err().code(), "AW2109", "{url}");
    }
    assert_eq!(HttpRemote::among([]).unwrap_err().code(), "AW2109");
    let mixed = HttpRemote::among(["http://a/x", "http://b/y"]).unwrap_err();
    assert_eq!(mixed.code(), "AW2109");
    HttpRemote::among(["http://a/x", "http://b:81/x/"]).unwrap();
}
