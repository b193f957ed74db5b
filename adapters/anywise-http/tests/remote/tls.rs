//! Targets with TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use anywise::Requests;
use anywise::prelude::*;
use anywise_axum::{Limits, Listener, router, serve};
use anywise_http::HttpRemote;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use crate::desk::{self, FindDesk};
use crate::server::within;

/// Takes TLS connections.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&mut self) -> std::io::Result<(Self::Stream, SocketAddr)> {
        let (stream, client) = self.listener.accept().await?;
        Ok((self.acceptor.accept(stream).await?, client))
    }
}

/// A server whose certificate is for these names, and the certificate of who signed it.
async fn start(names: &[&str]) -> (SocketAddr, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
    let routes = router(&desk::app().await);
    tokio::spawn(serve(tls, routes, Limits::default(), std::future::pending::<()>()));
    (address, authority.pem())
}

async fn ask(url: &str, roots: &str) -> Result<String> {
    let remote = HttpRemote::to(url)?.roots(roots.as_bytes())?;
    within(Requests::through(remote).send(FindDesk::new("x")).into_future()).await
}

#[tokio::test]
async fn a_target_is_reached_with_tls_if_its_certificate_is_trusted() {
    let (address, authority) = start(&["localhost", "127.0.0.1"]).await;
    let (_, stranger) = start(&["localhost"]).await;
    ask(&format!("https://localhost:{}", address.port()), &authority).await.unwrap();
    ask(&format!("https://{address}"), &authority).await.unwrap();
    let error = ask(&format!("https://{address}"), &stranger).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unavailable, "AW2101"), "nothing was sent");
    let error = ask(&format!("http://{address}"), &authority).await.unwrap_err();
    assert_eq!(error.code(), "AW2102", "it speaks TLS alone");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (address, authority) = start(&["elsewhere.test"]).await;
    let error = ask(&format!("https://{address}"), &authority).await.unwrap_err();
    assert_eq!(error.code(), "AW2101");
}

#[tokio::test]
async fn what_is_no_certificate_is_refused() {
    for pem in ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = ask("https://localhost:1", pem).await.unwrap_err();
        assert_eq!(error.code(), "AW2109", "{pem:?}: {error}");
    }
}
