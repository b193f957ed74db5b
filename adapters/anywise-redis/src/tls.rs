//! Addresses that begin with `rediss`: what is trusted, and what is shown.
//!
//! The handshake is the client's, by rustls.

use std::fmt::Display;

use anywise_core::{Kind, Result};
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::config::Settings;
use crate::error::refused;

/// The client for an address that takes TLS.
pub(crate) fn client(info: ConnectionInfo, settings: &Settings) -> Result<Client> {
    let address = info.addr().to_string();
    let refused = |why: &dyn Display| refused(Kind::Unprocessable, &address, why);
    // Whatever another crate of the program lets the client do.
    if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
        return Err(refused(&"`#insecure` is not taken: the server's certificate is always checked"));
    }
    let root_cert = settings.certificates.clone().map(String::into_bytes);
    if root_cert.as_ref().is_some_and(|pem| CertificateDer::pem_slice_iter(pem).next().is_none()) {
        return Err(refused(&"there is no certificate in what is to be trusted"));
    }
    let identity = settings.identity.clone();
    let client_tls = identity.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
    choose();
    Client::build_with_tls(info, TlsCertificates { client_tls, root_cert }).map_err(|error| refused(&error))
}

/// Settles whose cryptography is used, if nobody has.
///
/// The client takes what the process has chosen; rustls does not choose where
/// several are linked.
fn choose() {
    if CryptoProvider::get_default().is_none() {
        // Another may have been faster, and is as good.
        drop(ring::default_provider().install_default());
    }
}
