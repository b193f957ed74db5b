//! Asks the shop that runs on this machine to operate its own store.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use anywise::DeadLetterId;
use axum::body::Bytes;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::pages::ROOT;

/// A shop that runs.
pub(crate) struct Client {
    address: SocketAddr,
    token: String,
}

impl Client {
    /// The shop on this port; none if nothing listens there.
    pub(crate) async fn find(port: u16) -> Result<Option<Self>, Box<dyn Error>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpStream::connect(address).await.is_err() {
            return Ok(None);
        }
        let mut client = Self { address, token: String::new() };
        let found =
            client.get("").await.map_err(|error| format!("what listens on {address} is no shop: {error}"))?;
        found["token"].as_str().unwrap_or_default().clone_into(&mut client.token);
        Ok(Some(client))
    }

    /// What waits, and the newest dead letters before `before`.
    pub(crate) async fn waiting(&self, before: Option<DeadLetterId>) -> Result<Value, Box<dyn Error>> {
        self.get(&before.map_or_else(String::new, |before| format!("?before={before}"))).await
    }

    /// One dead letter with everything known of it.
    pub(crate) async fn letter(&self, id: DeadLetterId) -> Result<Value, Box<dyn Error>> {
        self.get(&format!("?id={id}")).await
    }

    /// Replays or discards; what came of it, as a word and in words.
    pub(crate) async fn order(
        &self,
        what: &str,
        id: DeadLetterId,
        body: Option<&[u8]>,
    ) -> Result<Value, Box<dyn Error>> {
        let mut form = format!("token={}", self.token).into_bytes();
        if let Some(body) = body {
            form.extend_from_slice(b"&body=");
            form.extend(body.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()));
        }
        self.ask(Method::POST, &format!("{ROOT}operations/{id}/{what}"), form).await
    }

    async fn get(&self, query: &str) -> Result<Value, Box<dyn Error>> {
        self.ask(Method::GET, &format!("{ROOT}operations.json{query}"), Vec::new()).await
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Value, Box<dyn Error>> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(ORIGIN, format!("http://{}", self.address))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        connection.abort();
        read(status, &bytes)
    }
}

fn read(status: StatusCode, bytes: &[u8]) -> Result<Value, Box<dyn Error>> {
    let value = serde_json::from_slice::<Value>(bytes).map_err(|_| format!("the answer is {status}"))?;
    if status.is_success() {
        return Ok(value);
    }
    Err(value["detail"].as_str().map_or_else(|| status.to_string(), str::to_owned).into())
}
