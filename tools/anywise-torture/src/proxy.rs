//! A way to the database that can be cut at the worst moment: when a commit has
//! been sent and not been answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Result;

/// How long the server has for a commit whose answer nobody gets.
const DONE: Duration = Duration::from_millis(40);

/// A proxy in front of one server.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Commits that are still to be cut off.
    armed: Arc<AtomicU64>,
    cut: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens, and passes everything on to `to`.
    pub(crate) async fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self { port: listener.local_addr()?.port(), armed: Arc::default(), cut: Arc::default() };
        let one = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = one.clone();
                tokio::spawn(async move { proxy.pass(client, to).await });
            }
        });
        Ok(proxy)
    }

    /// The next commit is sent, and its answer is lost.
    pub(crate) fn arm(&self) {
        self.armed.store(1, Ordering::SeqCst);
    }

    /// Commits that were cut off.
    pub(crate) fn cut(&self) -> u64 {
        self.cut.load(Ordering::SeqCst)
    }

    async fn pass(&self, mut client: TcpStream, to: SocketAddr) -> std::io::Result<()> {
        let mut server = TcpStream::connect(to).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut asked, mut answered) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    server.write_all(&asked[..read]).await?;
                    if is_commit(&asked[..read]) && self.armed.swap(0, Ordering::SeqCst) > 0 {
                        self.cut.fetch_add(1, Ordering::SeqCst);
                        drop(client);
                        tokio::time::sleep(DONE).await;
                        return Ok(());
                    }
                }
                read = server.read(&mut answered) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    client.write_all(&answered[..read]).await?;
                }
            }
        }
    }
}

fn is_commit(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"COMMIT")
}
