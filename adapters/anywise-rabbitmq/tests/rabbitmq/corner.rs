//! A prefix of a broker with nothing in it, removed when it is dropped.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use anywise::{
    BoxFuture, Envelope, Frame, Incoming, Outcome, Result, Sink, Source, Subscription, Topology, Transport,
    TransportTraits, new_id,
};
use anywise_rabbitmq::RabbitMq;
use anywise_servers::skip;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};

pub(crate) const PAID: &str = "order.OrderPaid";
pub(crate) const SENT: &str = "order.OrderSent";
/// How long something that must happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The broker that the tests share, if it answers.
pub(crate) fn shared() -> Option<&'static str> {
    static SHARED: LazyLock<Option<String>> = LazyLock::new(|| {
        let url = std::env::var("ANYWISE_RABBITMQ_URL");
        let url = url.unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned());
        let uri: AMQPUri = url.parse().expect("ANYWISE_RABBITMQ_URL is an address");
        let addresses = (uri.authority.host.as_str(), uri.authority.port).to_socket_addrs();
        let answers = |address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok();
        if addresses.is_ok_and(|mut all| all.any(answers)) {
            return Some(url);
        }
        skip("rabbitmq", "no RabbitMQ answers at ANYWISE_RABBITMQ_URL");
        None
    });
    SHARED.as_deref()
}

/// A prefix of a broker.
pub(crate) struct Corner {
    pub(crate) url: String,
    pub(crate) prefix: String,
    groups: Arc<Mutex<Vec<String>>>,
    exchanges: Mutex<Vec<String>>,
}

impl Corner {
    /// A corner of the shared broker, if there is one.
    pub(crate) fn new() -> Option<Self> {
        shared().map(Self::at)
    }

    pub(crate) fn at(url: &str) -> Self {
        let prefix = format!("test-{}", new_id().simple());
        Self { url: url.to_owned(), prefix, groups: Arc::default(), exchanges: Mutex::default() }
    }

    /// A transport with this prefix.
    pub(crate) fn rabbit(&self) -> RabbitMq {
        RabbitMq::new(&self.url).prefix(&self.prefix)
    }

    /// The transport, with whatever it declares removed in the end.
    pub(crate) fn tidy(&self, rabbit: RabbitMq) -> Tidy {
        Tidy { rabbit, groups: Arc::clone(&self.groups) }
    }

    /// A transport that was opened with the group `stock`, which hears `PAID`.
    pub(crate) async fn opened(&self, rabbit: RabbitMq) -> Tidy {
        let tidy = self.tidy(rabbit);
        tidy.open(&topology(&[PAID])).await.unwrap();
        tidy
    }

    /// The name of an exchange that is removed in the end.
    pub(crate) fn exchange(&self, name: &str) -> String {
        let name = format!("{}.{name}", self.prefix);
        self.exchanges.lock().unwrap().push(name.clone());
        name
    }

    /// The queues of all groups that were declared.
    pub(crate) fn queues(&self) -> Vec<String> {
        self.groups.lock().unwrap().iter().map(|group| self.queue(group)).collect()
    }

    pub(crate) fn queue(&self, group: &str) -> String {
        format!("{}.{group}", self.prefix)
    }

    /// A bare client.
    pub(crate) async fn bare(&self) -> Bare {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        Bare { channel, _connection: connection }
    }

    /// Takes a message from a queue for good.
    pub(crate) async fn pop(&self, queue: &str) -> Option<lapin::message::BasicGetMessage> {
        let bare = self.bare().await;
        let options = lapin::options::BasicGetOptions { no_ack: true };
        bare.channel.basic_get(queue.into(), options).await.unwrap()
    }

    async fn clean(url: &str, prefix: &str, groups: &[String], exchanges: &[String]) -> lapin::Result<()> {
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        for group in groups {
            for queue in [format!("{prefix}.{group}"), format!("{prefix}.{group}.dead")] {
                channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
            }
        }
        let own = [prefix.to_owned(), format!("{prefix}.dead")];
        for exchange in own.iter().chain(exchanges) {
            channel.exchange_delete(exchange.as_str().into(), ExchangeDeleteOptions::default()).await?;
        }
        Ok(())
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        let groups = self.groups.lock().unwrap().clone();
        let exchanges = self.exchanges.lock().unwrap().clone();
        let (url, prefix) = (self.url.clone(), self.prefix.clone());
        let clean = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let cleaning = Self::clean(&url, &prefix, &groups, &exchanges);
            drop(runtime.block_on(async { tokio::time::timeout(PATIENCE, cleaning).await }));
        };
        drop(std::thread::spawn(clean).join());
    }
}

pub(crate) struct Bare {
    pub(crate) channel: Channel,
    _connection: Connection,
}

/// A transport that notes which groups it declares.
pub(crate) struct Tidy {
    rabbit: RabbitMq,
    groups: Arc<Mutex<Vec<String>>>,
}

impl Tidy {
    fn note(&self, group: &str) {
        let mut groups = self.groups.lock().unwrap();
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
}

impl Sink for Tidy {
    fn name(&self) -> &str {
        self.rabbit.name()
    }

    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        self.rabbit.send(envelope)
    }
}

impl Transport for Tidy {
    fn traits(&self) -> TransportTraits {
        self.rabbit.traits()
    }

    fn open<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<()>> {
        topology.subscriptions.iter().for_each(|one| self.note(&one.group));
        self.rabbit.open(topology)
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription) -> BoxFuture<'a, Result<Box<dyn Source>>> {
        self.note(&subscription.group);
        self.rabbit.subscribe(subscription)
    }
}

/// The group `stock`, which hears these events.
pub(crate) fn stock(events: &[&str]) -> Subscription {
    Subscription::new("stock", events.iter().copied())
}

/// An application that knows two events, and whose group `stock` hears these.
pub(crate) fn topology(events: &[&str]) -> Topology {
    let mut topology = Topology::of("shop");
    topology.events = vec![PAID.into(), SENT.into()];
    topology.subscriptions = vec![stock(events)];
    topology
}

/// An application that knows two events and listens to none.
pub(crate) fn publisher() -> Topology {
    let mut topology = Topology::of("shop");
    topology.events = vec![PAID.into(), SENT.into()];
    topology
}

pub(crate) fn event(name: &str, number: usize) -> Envelope {
    Envelope::json(name, format!(r#"{{"number":{number}}}"#))
}

pub(crate) fn read(incoming: &Incoming) -> Envelope {
    Envelope::from_frame(&incoming.frame, incoming.foreign.as_ref(), true).unwrap()
}

pub(crate) fn body(frame: &Frame) -> &str {
    std::str::from_utf8(&frame.body).unwrap()
}

/// Receives `count` messages in time.
pub(crate) async fn receive(source: &dyn Source, count: usize) -> Vec<Incoming> {
    let mut all = Vec::new();
    while all.len() < count {
        let some = tokio::time::timeout(PATIENCE, source.receive(count - all.len())).await;
        all.extend(some.expect("something came in time").unwrap());
    }
    all
}

pub(crate) async fn settle(source: &dyn Source, incoming: &[Incoming], outcome: Outcome) -> Result<()> {
    source.settle(incoming.iter().map(|one| (one.tag, outcome.clone())).collect()).await
}

pub(crate) async fn done(source: &dyn Source, incoming: &[Incoming]) {
    settle(source, incoming, Outcome::Done(None)).await.unwrap();
}

/// The queue of a group is empty, once the broker has got round to it.
pub(crate) async fn is_drained(source: &dyn Source) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while source.lag().await.unwrap() != Some(0) {
        assert!(tokio::time::Instant::now() < end, "something waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
