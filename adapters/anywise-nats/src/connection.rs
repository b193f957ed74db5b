//! The connection to the server: one, shared by everything that a [`Nats`] and
//! its clones do.
//!
//! The client reconnects by itself, for ever. What is here says whether the
//! connection is up, tells those who wait for an answer when it breaks, and
//! asks for settlements to be confirmed.
//!
//! [`Nats`]: crate::Nats

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anywise_core::{Error, Kind, Result};
use async_nats::client::{Request, RequestErrorKind};
use async_nats::jetstream::context::{ContextBuilder, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, HeaderMap, Message, Subject};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{OnceCell, watch};

use crate::config::Config;
use crate::error::{away, conflict, for_now, refused, too_large, unfit};

/// How often a silent connection is looked at. Three silent times in a row it
/// is given up.
const PING: Duration = Duration::from_secs(5);
/// Longest wait between two attempts to reconnect.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// What headers may take up of the largest message, in bytes.
const HEADROOM: usize = 8 * 1024;
/// How often a settlement is told again after the connection broke.
const CONFIRMATIONS: u32 = 3;

/// Connects when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Lazy(OnceCell<Arc<Connection>>);

impl Lazy {
    /// The connection; the first to ask makes it.
    pub(crate) async fn get(&self, config: &Config) -> Result<&Arc<Connection>> {
        self.0.get_or_try_init(|| async { Connection::open(config).await.map(Arc::new) }).await
    }

    /// The connection, if there has been one.
    pub(crate) fn made(&self) -> Option<&Arc<Connection>> {
        self.0.get()
    }
}

/// Whether the connection is up, and how often it has broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) up: bool,
    pub(crate) breaks: u64,
}

/// A connection to the server.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    jetstream: Context,
    link: watch::Receiver<Link>,
    address: String,
    timeout: Duration,
}

impl Connection {
    async fn open(config: &Config) -> Result<Self> {
        let address = config.address();
        let (sender, link) = watch::channel(Link { up: true, breaks: 0 });
        let options = options(config, sender).await?;
        let client =
            options.connect(config.servers().as_slice()).await.map_err(|error| match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    refused(&address, &error)
                }
                ConnectErrorKind::ServerParse => unfit(format!("`{address}` is no address: {error}")),
                ConnectErrorKind::Tls => unfit(format!("NATS at {address}: {error}")),
                _ => away(&address, &error),
            })?;
        let jetstream = ContextBuilder::new().timeout(config.timeout).build(client.clone());
        Ok(Self { client, jetstream, link, address, timeout: config.timeout })
    }

    /// The release of the server, such as `2.12.1`.
    pub(crate) fn server_version(&self) -> String {
        self.client.server_info().version
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// The largest body: what the server takes, less room for headers.
    pub(crate) fn largest_body(&self) -> usize {
        self.client.max_payload().saturating_sub(HEADROOM)
    }

    pub(crate) fn away(&self, why: impl std::fmt::Display) -> Error {
        away(&self.address, why)
    }

    /// That it is up now.
    pub(crate) fn up(&self) -> Result<()> {
        if self.link.borrow().up { Ok(()) } else { Err(self.away("the connection is lost")) }
    }

    /// Waits until it is up, at most `patience`.
    pub(crate) async fn back(&self, patience: Duration) -> Result<()> {
        let mut link = self.link();
        match tokio::time::timeout(patience, link.wait_for(|link| link.up)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(self.away("the connection is lost")),
        }
    }

    /// What `answer` says, unless the connection breaks before.
    async fn unless_broken<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let mut link = self.link();
        let breaks = link.borrow().breaks;
        tokio::select! {
            biased;
            answer = answer => answer,
            _ = link.wait_for(|link| link.breaks != breaks) => Err(self.away("the connection was lost")),
        }
    }

    /// Publishes to a stream; done when it has confirmed. Nothing if no stream
    /// takes the subject in.
    pub(crate) async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Option<()>> {
        self.up()?;
        let size = body.len();
        let message = PublishMessage::build().headers(headers).payload(body);
        self.unless_broken(async {
            let confirmed = match self.jetstream.send_publish(subject, message).await {
                Ok(confirmation) => confirmation.await,
                Err(error) => Err(error),
            };
            match confirmed {
                Ok(_) => Ok(Some(())),
                Err(error) if error.kind() == PublishErrorKind::StreamNotFound => Ok(None),
                Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                    Err(too_large("the message", size, self.largest_body()))
                }
                Err(error) => Err(self.away(text(&error))),
            }
        })
        .await
    }

    /// Asks JetStream's own interface; the error is the server's refusal, or
    /// that it does not answer.
    pub(crate) async fn ask(&self, subject: String, request: &Value) -> Result<Value> {
        match self.ask_for(subject, request).await? {
            Some(answer) => Ok(answer),
            None => Err(self.away("what was asked for is not there")),
        }
    }

    /// The same; nothing if what is asked for is not there, or what is to be
    /// created is.
    pub(crate) async fn ask_for(&self, subject: String, request: &Value) -> Result<Option<Value>> {
        let asked = self.jetstream.request::<_, _, Response<Value>>(subject.clone(), request);
        match self.unless_broken(async { Ok(asked.await) }).await? {
            Ok(Response::Ok(answer)) => Ok(Some(answer)),
            Ok(Response::Err { error }) if error.code() == 404 => Ok(None),
            // Another process was a moment faster.
            Ok(Response::Err { error }) if error.kind() == ErrorCode::STREAM_NAME_EXIST => Ok(None),
            Ok(Response::Err { error }) if error.code() >= 500 => Err(self.away(error)),
            Ok(Response::Err { error }) => {
                Err(conflict(format!("NATS at {} refuses {subject}: {error}", self.address)))
            }
            Err(error) => Err(self.away(text(&error))),
        }
    }

    /// Tells the server all of these, in this order, and waits until it has
    /// taken the last one: it takes those of one consumer in the order in which
    /// they come over a connection, so it has taken all of them. If the
    /// connection was another one at the end they are told again.
    ///
    /// # Errors
    /// `AW2020`: some may not have arrived.
    pub(crate) async fn confirm(&self, told: Vec<(Subject, Bytes)>) -> Result<()> {
        let Some(((last, what), rest)) = told.split_last() else { return Ok(()) };
        let mut result = Err(self.away("the connection is lost"));
        for _ in 0..CONFIRMATIONS {
            self.back(self.timeout).await?;
            let connects = self.connects();
            for (subject, what) in rest {
                let sent = self.client.publish(subject.clone(), what.clone()).await;
                sent.map_err(|error| self.away(error))?;
            }
            result = self.taken(last.clone(), what.clone()).await;
            if self.connects() == connects && result.is_ok() {
                return Ok(());
            }
            if self.connects() == connects && self.up().is_ok() {
                return result;
            }
        }
        result.and_then(|()| Err(self.away("the connection is lost again and again")))
    }

    async fn taken(&self, subject: Subject, what: Bytes) -> Result<()> {
        let request = Request::new().payload(what).timeout(Some(self.timeout));
        self.unless_broken(async {
            self.client.send_request(subject, request).await.map_err(|error| self.away(text(&error)))
        })
        .await
        .map(drop)
    }

    fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::SeqCst)
    }

    /// Sends a request to another process and waits for its reply; nothing if no
    /// process listens.
    pub(crate) async fn request(&self, subject: String, request: Request) -> Result<Option<Message>> {
        self.up()?;
        let sent = async { Ok(self.client.send_request(subject, request).await) };
        match self.unless_broken(sent).await {
            Ok(Ok(reply)) => Ok(Some(reply)),
            Ok(Err(error)) => match error.kind() {
                RequestErrorKind::NoResponders => Ok(None),
                RequestErrorKind::TimedOut => {
                    Err(Error::new(Kind::Timeout, "AW2105", "no answer came in time"))
                }
                RequestErrorKind::MaxPayloadExceeded => {
                    Err(Error::new(Kind::TooLarge, "AW2006", format!("the request: {}", text(&error))))
                }
                _ => Err(self.away(text(&error))),
            },
            Err(_) => {
                let why = format!("the connection to NATS at {} was lost, and a reply with it", self.address);
                Err(Error::new(Kind::Unavailable, "AW2102", why))
            }
        }
    }
}

/// An error with what caused it.
fn text(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

async fn options(config: &Config, link: watch::Sender<Link>) -> Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name(config.names.prefix())
        .connection_timeout(config.timeout)
        .request_timeout(Some(config.timeout))
        .ping_interval(PING)
        .max_reconnects(None)
        .reconnect_delay_callback(wait)
        .event_callback(move |event| {
            hear(&link, &event);
            std::future::ready(())
        });
    if let Some(path) = &config.credentials {
        options = options
            .credentials_file(path)
            .await
            .map_err(|error| refused(&config.address(), format!("{}: {error}", path.display())))?;
    }
    options = match config.user() {
        Some((user, Some(password))) => options.user_and_password(user, password),
        Some((token, None)) => options.token(token),
        None => options,
    };
    if let Some(token) = &config.token {
        options = options.token(token.clone());
    }
    if config.tls {
        options = options.require_tls(true);
    }
    for path in &config.certificates {
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &config.identity {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(options)
}

fn hear(link: &watch::Sender<Link>, event: &Event) {
    match event {
        Event::Connected => link.send_modify(|link| link.up = true),
        Event::Disconnected | Event::Closed => link.send_modify(|link| {
            link.up = false;
            link.breaks += 1;
        }),
        Event::ServerError(error) => tracing::error!(%error, "the NATS server complains"),
        event => tracing::info!(%event, "NATS"),
    }
}

/// How long to wait before an attempt to reconnect: at random, so that not all
/// processes come back at the same moment.
fn wait(attempts: usize) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let doubled = 50_u64 << attempts.min(10);
    Duration::from_millis(doubled).min(LONGEST_WAIT).mul_f64(chance())
}

/// A number from 0 to 1, at random.
pub(crate) fn chance() -> f64 {
    let random = RandomState::new().hash_one(()) % 1_000;
    f64::from(u32::try_from(random).unwrap_or_default()) / 1_000.0
}

/// As it is for one who keeps what is to be sent: only time can mend it.
pub(crate) async fn connected<'l>(lazy: &'l Lazy, config: &Config) -> Result<&'l Arc<Connection>> {
    lazy.get(config).await.map_err(for_now)
}
