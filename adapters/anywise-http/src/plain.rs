//! Sockets without TLS: the feature `tls` is off.

use anywise_core::Result;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;

pub(crate) type Connector = HttpConnector;

/// Nothing to trust.
#[derive(Debug, Default)]
pub(crate) struct Roots(());

#[expect(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
pub(crate) fn connector(http: HttpConnector, _: &Roots, _: &Scheme) -> Result<Connector> {
    Ok(http)
}
