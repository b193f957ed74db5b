//! A way to a server that can be made as bad as networks are: slow, narrow, in
//! small pieces, silent, cut anywhere, in both directions or in one.
//!
//! Two kinds of harm: a [`Weather`], which lasts until there is another one, and
//! a [`Strike`], which hits the connections that are there. What a silent way
//! holds back comes when it speaks again, as a network's own retransmission
//! would bring it.

use std::io::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Result;
use crate::seed::Seed;

/// How long the server has for a commit whose answer nobody gets.
const DONE: Duration = Duration::from_millis(40);
/// Read at one time.
const CHUNK: usize = 16 * 1024;
/// Written at one time.
const PIECE: usize = 1024;

/// What one direction is like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// Before each piece that was read.
    pub(crate) latency: Duration,
    /// So much more of it, at random.
    pub(crate) jitter: Duration,
    /// Bytes written at one time.
    pub(crate) slice: Option<usize>,
    /// Bytes a second.
    pub(crate) rate: Option<u32>,
    /// Nothing comes through.
    pub(crate) hole: bool,
    /// The connection is cut off after so many bytes.
    pub(crate) cut_after: Option<usize>,
}

/// What the way is like until it changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// From the client to the server.
    pub(crate) up: Way,
    /// From the server to the client.
    pub(crate) down: Way,
    /// New connections are reset.
    pub(crate) refuse: bool,
}

/// What happens to the connections that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Both sides get an RST.
    Reset,
    /// The client is told that nothing more comes; what it says still arrives.
    HalfClose,
}

/// How a connection ends here.
enum End {
    Network,
    /// Cut off: both sides get an RST.
    Cut,
    /// A commit was sent; its answer is lost.
    LostAnswer,
}

impl From<Error> for End {
    fn from(_: Error) -> Self {
        Self::Network
    }
}

/// A proxy in front of one server.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Commits that are still to be cut off.
    armed: Arc<AtomicU64>,
    cut: Arc<AtomicU64>,
    weather: watch::Sender<Weather>,
    strikes: watch::Sender<Strike>,
}

impl Proxy {
    /// Listens, and passes everything on to `to`.
    pub(crate) async fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self {
            port: listener.local_addr()?.port(),
            armed: Arc::default(),
            cut: Arc::default(),
            weather: watch::Sender::default(),
            strikes: watch::Sender::new(Strike::Reset),
        };
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

    /// From now on it is like this.
    pub(crate) fn weather(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Hits all connections that are there.
    pub(crate) fn strike(&self, strike: Strike) {
        self.strikes.send_replace(strike);
    }

    async fn pass(&self, mut client: TcpStream, to: SocketAddr) -> std::io::Result<()> {
        if self.weather.borrow().refuse {
            return client.set_zero_linger();
        }
        let mut strikes = self.strikes.subscribe();
        let mut server = TcpStream::connect(to).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let end = {
            let ((mut asked, mut answer), (mut answered, mut ask)) = (client.split(), server.split());
            let both = async {
                tokio::try_join!(self.ask(&mut asked, &mut ask), self.answer(&mut answered, &mut answer))
            };
            tokio::select! {
                end = both => end.err(),
                () = struck(&mut strikes, Strike::Reset) => Some(End::Cut),
            }
        };
        match end {
            None | Some(End::Network) => {}
            Some(End::Cut) => {
                client.set_zero_linger()?;
                server.set_zero_linger()?;
            }
            Some(End::LostAnswer) => {
                drop(client);
                tokio::time::sleep(DONE).await;
            }
        }
        Ok(())
    }

    /// From the client to the server.
    async fn ask(&self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Result<(), End> {
        let mut pump = Pump::new(self.weather.subscribe(), |weather| weather.up);
        while let Some(read) = pump.read(from).await? {
            pump.carry(read, to).await?;
            if is_commit(&pump.buffer[..read]) && self.armed.swap(0, Ordering::SeqCst) > 0 {
                self.cut.fetch_add(1, Ordering::SeqCst);
                return Err(End::LostAnswer);
            }
        }
        Ok(to.shutdown().await?)
    }

    /// From the server to the client.
    async fn answer(&self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Result<(), End> {
        let mut strikes = self.strikes.subscribe();
        let mut pump = Pump::new(self.weather.subscribe(), |weather| weather.down);
        loop {
            let read = tokio::select! {
                read = pump.read(from) => read?,
                () = struck(&mut strikes, Strike::HalfClose) => None,
            };
            let Some(read) = read else { break };
            pump.carry(read, to).await?;
        }
        to.shutdown().await?;
        // What the server still says goes nowhere.
        while from.read(&mut pump.buffer).await? > 0 {}
        Ok(())
    }
}

/// Waits for a strike of this kind.
async fn struck(strikes: &mut watch::Receiver<Strike>, kind: Strike) {
    while strikes.changed().await.is_ok() {
        if *strikes.borrow_and_update() == kind {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// One direction of one connection.
struct Pump {
    weather: watch::Receiver<Weather>,
    way: fn(&Weather) -> Way,
    /// Carried since the weather changed.
    carried: usize,
    seed: Seed,
    buffer: Vec<u8>,
}

impl Pump {
    fn new(weather: watch::Receiver<Weather>, way: fn(&Weather) -> Way) -> Self {
        Self { weather, way, carried: 0, seed: Seed::new(1), buffer: vec![0; CHUNK] }
    }

    /// What has come; none at the end.
    async fn read(&mut self, from: &mut ReadHalf<'_>) -> Result<Option<usize>, End> {
        loop {
            let hole = (self.way)(&self.weather.borrow_and_update()).hole;
            tokio::select! {
                biased;
                changed = self.weather.changed() => {
                    changed.map_err(|_| End::Network)?;
                    self.carried = 0;
                }
                read = from.read(&mut self.buffer), if !hole => {
                    let read = read?;
                    return Ok((read > 0).then_some(read));
                }
            }
        }
    }

    /// Carries the first `read` bytes as the weather lets it.
    async fn carry(&mut self, read: usize, to: &mut WriteHalf<'_>) -> Result<(), End> {
        let way = (self.way)(&self.weather.borrow());
        let delay = way.latency + way.jitter.mul_f64(self.seed.unit());
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        for piece in self.buffer[..read].chunks(way.slice.unwrap_or(PIECE)) {
            let room = way.cut_after.map_or(usize::MAX, |most| most.saturating_sub(self.carried));
            to.write_all(&piece[..piece.len().min(room)]).await?;
            self.carried += piece.len();
            if piece.len() > room {
                return Err(End::Cut);
            }
            // What was slow is not when the weather is better.
            if let Some(rate) = way.rate.filter(|_| self.weather.has_changed().is_ok_and(|changed| !changed))
            {
                let bytes = u32::try_from(piece.len()).expect("a piece is small");
                tokio::time::sleep(Duration::from_secs(1) * bytes / rate).await;
            }
        }
        Ok(())
    }
}

fn is_commit(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"COMMIT")
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// A server that says back what it hears, behind a proxy.
    async fn echo() -> (Proxy, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(server.local_addr().unwrap()).await.unwrap();
        tokio::spawn(async move {
            while let Ok((mut one, _)) = server.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = one.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        let client = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        (proxy, client)
    }

    async fn says(client: &mut TcpStream, what: &[u8]) -> std::io::Result<Vec<u8>> {
        client.write_all(what).await?;
        let mut said = vec![0; what.len()];
        client.read_exact(&mut said).await?;
        Ok(said)
    }

    #[tokio::test]
    async fn in_any_weather_everything_arrives_as_it_was() {
        let (proxy, mut client) = echo().await;
        let bad = Way {
            latency: Duration::from_millis(2),
            jitter: Duration::from_millis(2),
            slice: Some(7),
            rate: Some(100_000),
            ..Way::default()
        };
        proxy.weather(Weather { up: bad, down: bad, refuse: false });
        let what: Vec<u8> = (0..=255).cycle().take(2_000).collect();
        assert_eq!(says(&mut client, &what).await.unwrap(), what);
    }

    #[tokio::test]
    async fn what_a_silent_way_holds_back_comes_when_it_speaks_again() {
        let (proxy, mut client) = echo().await;
        assert_eq!(says(&mut client, b"one").await.unwrap(), b"one");
        let hole = Way { hole: true, ..Way::default() };
        proxy.weather(Weather { down: hole, ..Weather::default() });
        client.write_all(b"two").await.unwrap();
        let mut said = [0; 3];
        let silent = tokio::time::timeout(Duration::from_millis(50), client.read_exact(&mut said)).await;
        assert!(silent.is_err());
        proxy.weather(Weather::default());
        client.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"two");
    }

    #[tokio::test]
    async fn only_the_answers_can_be_cut_and_in_the_middle() {
        let (proxy, mut client) = echo().await;
        assert_eq!(says(&mut client, b"one").await.unwrap(), b"one");
        let cut = Way { cut_after: Some(2), ..Way::default() };
        proxy.weather(Weather { down: cut, ..Weather::default() });
        assert_eq!(says(&mut client, b"three").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn strikes_hit_the_connections_that_are_there() {
        let (proxy, mut client) = echo().await;
        assert_eq!(says(&mut client, b"one").await.unwrap(), b"one");
        proxy.strike(Strike::Reset);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

        let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        assert_eq!(says(&mut client, b"two").await.unwrap(), b"two");
        proxy.strike(Strike::HalfClose);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);

        proxy.weather(Weather { refuse: true, ..Weather::default() });
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).await.unwrap();
        assert!(says(&mut client, b"three").await.is_err());
    }
}
