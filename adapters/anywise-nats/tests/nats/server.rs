//! The server that the tests share, and corners of it.

use std::net::TcpStream;

use anywise::Uuid;
use anywise_nats::Nats;
use anywise_servers::skip;
use async_nats::jetstream;

/// The server that the tests share, if it answers.
pub(crate) fn shared() -> Option<String> {
    let url = std::env::var("ANYWISE_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4322".to_owned());
    let address = url.rsplit(['/', '@']).next().unwrap_or_default();
    if TcpStream::connect(address).is_ok() {
        return Some(url);
    }
    skip("nats", format!("no NATS server answers at {url}"));
    None
}

/// A prefix that no other test has.
pub(crate) fn fresh_prefix() -> String {
    format!("t{}", Uuid::now_v7().simple())
}

/// Deletes the streams of a prefix.
pub(crate) fn clean(url: &str, prefix: &str) {
    let (url, stream) = (url.to_owned(), prefix.to_uppercase());
    let clean = async move {
        let Ok(client) = async_nats::connect(url).await else { return };
        let jetstream = async_nats::jetstream::new(client);
        for stream in [stream.clone(), format!("{stream}_DEAD")] {
            drop(jetstream.delete_stream(stream).await);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Where this is called there may be a runtime already.
    std::thread::spawn(move || runtime.block_on(clean)).join().unwrap();
}

/// A corner of the shared server: a prefix, whose streams are deleted at the end.
pub(crate) struct Corner {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Corner {
    pub(crate) fn new() -> Option<Self> {
        Some(Self { url: shared()?, prefix: fresh_prefix() })
    }

    pub(crate) fn nats(&self) -> Nats {
        Nats::new(self.url.clone()).prefix(&self.prefix)
    }

    pub(crate) fn stream(&self) -> String {
        self.prefix.to_uppercase()
    }

    /// The bare client.
    pub(crate) async fn client(&self) -> async_nats::Client {
        async_nats::connect(&self.url).await.unwrap()
    }

    /// The bare client's JetStream.
    pub(crate) async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.client().await)
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        clean(&self.url, &self.prefix);
    }
}
