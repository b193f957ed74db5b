//! Sockets with TLS, by rustls: for `https://` targets.

use anywise_core::{Error, Kind, Result};
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Whose signature a target's certificate must have: those, or, without any,
/// whoever this machine trusts.
#[derive(Debug, Default)]
pub(crate) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads certificates in PEM form.
    ///
    /// # Errors
    /// `AW2109`: there are none.
    pub(crate) fn read(pem: &[u8]) -> Result<Self> {
        let all = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<Vec<_>, _>>();
        match all {
            Ok(all) if !all.is_empty() => Ok(Self(all)),
            Ok(_) => Err(refused("there are none")),
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    fn config(&self) -> Result<ClientConfig> {
        let mut store = RootCertStore::empty();
        for root in &self.0 {
            store.add(root.clone()).map_err(|error| refused(&error.to_string()))?;
        }
        let builder = ClientConfig::builder_with_provider(provider().into());
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|error| refused(&error.to_string()))?;
        Ok(builder.with_root_certificates(store).with_no_client_auth())
    }
}

/// Named, because a program may be linked with several.
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Invalid, "AW2109", format!("the certificates cannot be used: {why}"))
}

pub(crate) fn connector(mut http: HttpConnector, roots: &Roots, scheme: &Scheme) -> Result<Connector> {
    http.enforce_http(false);
    let builder = HttpsConnectorBuilder::new();
    // The machine's certificates are read where they are needed.
    let builder = if roots.0.is_empty() && *scheme == Scheme::HTTPS {
        builder.with_provider_and_native_roots(provider()).map_err(|error| refused(&error.to_string()))?
    } else {
        builder.with_tls_config(roots.config()?)
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}
