//! A way to the broker that can be cut, or go silent.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the way does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Passes everything on.
    Open,
    /// Passes nothing on, and says nothing.
    Silent,
    /// Hangs up, and on whoever comes.
    Cut,
}

/// A TCP proxy.
pub(crate) struct Proxy {
    port: u16,
    way: Arc<watch::Sender<Way>>,
}

impl Proxy {
    pub(crate) async fn to(url: &str) -> Self {
        let uri: lapin::uri::AMQPUri = url.parse().unwrap();
        let there = (uri.authority.host, uri.authority.port);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(watch::channel(Way::Open).0);
        let ways = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let Ok(broker) = TcpStream::connect(there.clone()).await else { continue };
                let ((from, to), (back_from, back_to)) = (here.into_split(), broker.into_split());
                tokio::spawn(pass(from, back_to, ways.subscribe()));
                tokio::spawn(pass(back_from, to, ways.subscribe()));
            }
        });
        Self { port, way }
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = tokio::select! {
            _ = way.wait_for(|way| *way == Way::Cut) => return,
            count = from.read(&mut bytes) => match count {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            },
        };
        if way.wait_for(|way| *way != Way::Silent).await.is_err() || *way.borrow() == Way::Cut {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
