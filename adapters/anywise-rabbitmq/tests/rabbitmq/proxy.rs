//! A way to the broker that can be cut, or go silent.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the way does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// It passes nothing on, and says nothing.
    silent: bool,
    /// It hangs up on whoever comes.
    closed: bool,
    /// Connections of an earlier time are hung up.
    times_cut: u32,
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
        let way = Arc::new(watch::channel(Way { silent: false, closed: false, times_cut: 0 }).0);
        let ways = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let now = *ways.borrow();
                let Ok(broker) = TcpStream::connect(there.clone()).await else { continue };
                if now.closed {
                    continue;
                }
                let ((from, to), (back_from, back_to)) = (here.into_split(), broker.into_split());
                tokio::spawn(pass(from, back_to, ways.subscribe(), now.times_cut));
                tokio::spawn(pass(back_from, to, ways.subscribe(), now.times_cut));
            }
        });
        Self { port, way }
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// Passes nothing on, and says nothing.
    pub(crate) fn silence(&self) {
        self.way.send_modify(|way| way.silent = true);
    }

    /// Hangs up on all there are, and on whoever comes.
    pub(crate) fn close(&self) {
        self.way.send_modify(|way| *way = Way { silent: false, closed: true, times_cut: way.times_cut + 1 });
    }

    /// Passes everything on, of new connections.
    pub(crate) fn reopen(&self) {
        self.close();
        self.way.send_modify(|way| way.closed = false);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>, born: u32) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = tokio::select! {
            _ = way.wait_for(|way| way.times_cut != born) => return,
            count = from.read(&mut bytes) => match count {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            },
        };
        let goes_on = way.wait_for(|way| !way.silent || way.times_cut != born).await;
        if !goes_on.is_ok_and(|way| way.times_cut == born) {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
