//! A connection that is made when it is needed, and made again when it is lost.
//!
//! The client could reconnect by itself. It is not let to: what was delivered on
//! a channel cannot be acknowledged on its successor, and what was published
//! and not confirmed has to be told to whoever waits for it. A lost connection
//! is an error here, and core subscribes and publishes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anywise_core::Result;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::Mutex;

use crate::config::Settings;
use crate::error::{away, of_client, refused};

/// A connection to the broker.
#[derive(Debug)]
pub(crate) struct Link {
    settings: Arc<Settings>,
    role: &'static str,
    connection: Mutex<Option<Connection>>,
    /// The largest frame of the last connection, in bytes; zero before the first.
    frame_max: AtomicU32,
}

impl Link {
    pub(crate) fn new(settings: Arc<Settings>, role: &'static str) -> Self {
        Self { settings, role, connection: Mutex::const_new(None), frame_max: AtomicU32::new(0) }
    }

    /// A new channel; connects if it has to.
    pub(crate) async fn channel(&self) -> Result<Channel> {
        let mut connection = self.connection.lock().await;
        let connected = connection.as_ref().filter(|known| known.status().connected());
        let open = match connected {
            Some(open) => open,
            None => connection.insert(self.connect().await?),
        };
        self.frame_max.store(open.configuration().frame_max(), Ordering::Relaxed);
        self.settings.answered(open.create_channel()).await
    }

    /// The largest frame that the broker takes, in bytes, as far as is known.
    pub(crate) fn frame_max(&self) -> usize {
        const USUAL: u32 = 128 * 1024;
        let known = self.frame_max.load(Ordering::Relaxed);
        usize::try_from(if known == 0 { USUAL } else { known }).unwrap_or(usize::MAX)
    }

    async fn connect(&self) -> Result<Connection> {
        let uri = self.settings.uri()?;
        let name = format!("{} {}", self.settings.prefix, self.role);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let runtime =
            lapin::runtime::default_runtime().map_err(|error| refused(&self.settings.address(), error))?;
        let connecting = Connection::connect_uri_with_config(uri, properties, self.settings.tls(), runtime);
        self.settings.answered(connecting).await
    }
}

impl Settings {
    /// The address without credentials.
    pub(crate) fn address(&self) -> String {
        match self.url.parse::<AMQPUri>() {
            Ok(uri) => format!("{}://{}:{}", uri.scheme, uri.authority.host, uri.authority.port),
            Err(_) => "an address that cannot be read".to_owned(),
        }
    }

    /// What the client answers, in time and in the words of core.
    pub(crate) async fn answered<T>(&self, answer: impl Future<Output = lapin::Result<T>>) -> Result<T> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => answer.map_err(|error| of_client(&self.address(), &error)),
            Err(_) => Err(self.late()),
        }
    }

    /// It took too long.
    pub(crate) fn late(&self) -> anywise_core::Error {
        away(&self.address(), format_args!("it did not answer within {:?}", self.patience))
    }

    fn uri(&self) -> Result<AMQPUri> {
        let unreadable = |why| refused(&self.address(), format_args!("the address cannot be read: {why}"));
        let mut uri: AMQPUri = self.url.parse().map_err(unreadable)?;
        if uri.scheme == AMQPScheme::AMQPS && !cfg!(feature = "tls") {
            return Err(refused(&self.address(), "`amqps` needs the feature `tls` of anywise-rabbitmq"));
        }
        let seconds = u16::try_from(self.heartbeat.as_secs()).unwrap_or(u16::MAX);
        uri.query.heartbeat.get_or_insert(seconds);
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        uri.query.connection_timeout.get_or_insert(patience);
        Ok(uri)
    }

    fn tls(&self) -> OwnedTLSConfig {
        let identity = self.identity.clone().map(|(pem, key)| OwnedIdentity::PKCS8 { pem, key });
        OwnedTLSConfig { identity, cert_chain: self.certificates.clone() }
    }
}

/// Closes a channel that is not used any more, whatever the broker says to it.
pub(crate) async fn close(channel: &Channel) {
    const PATIENCE: Duration = Duration::from_secs(5);
    if channel.status().connected() {
        drop(tokio::time::timeout(PATIENCE, channel.close(200, "OK".into())).await);
    }
}
