//! Brokers for the tests: one that all share, and the client's mock cluster.

use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use anywise::Uuid;
use anywise_kafka::Kafka;
use anywise_servers::skip;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, FromClientConfig as _};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::metadata::MetadataTopic;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

/// The mock cluster, as its thread has it.
pub(crate) type Cluster = MockCluster<'static, DefaultProducerContext>;

/// The broker that the tests share, if it answers.
pub(crate) fn shared() -> Option<String> {
    let url = std::env::var("ANYWISE_KAFKA_URL").unwrap_or_else(|_| "127.0.0.1:19092".to_owned());
    if TcpStream::connect(&url).is_ok() {
        return Some(url);
    }
    skip("kafka", format!("no Kafka answers at {url}"));
    None
}

/// A prefix that no other test has.
pub(crate) fn fresh_prefix() -> String {
    format!("t{}", Uuid::now_v7().simple())
}

/// Kafka for a test: few partitions, on brokers that are one process.
pub(crate) fn kafka(url: &str, prefix: &str) -> Kafka {
    Kafka::new(url).prefix(prefix).partitions(4).accept_weaker_durability()
}

/// A client of the plain kind.
pub(crate) fn client(url: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", url);
    config
}

/// Deletes the topics of a prefix, unless the broker keeps them in memory alone:
/// the client does not survive the way in which tansu answers who still reads
/// a topic that is deleted.
pub(crate) fn clean(url: &str, prefix: &str) {
    let (url, prefix) = (url.to_owned(), format!("{prefix}."));
    let clean = move || {
        let looks = BaseConsumer::from_config(&client(&url)).unwrap();
        let Ok(metadata) = looks.fetch_metadata(None, Duration::from_secs(5)) else { return };
        if looks.client().fetch_cluster_id(Duration::from_secs(1)).is_some_and(|id| id.contains("tansu")) {
            return;
        }
        let names: Vec<_> = metadata.topics().iter().map(MetadataTopic::name).collect();
        let names: Vec<_> = names.into_iter().filter(|name| name.starts_with(&prefix)).collect();
        if names.is_empty() {
            return;
        }
        let admin = AdminClient::<DefaultClientContext>::from_config(&client(&url)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        drop(runtime.block_on(admin.delete_topics(&names, &AdminOptions::new())));
    };
    // Where this is called there may be a runtime already.
    std::thread::spawn(clean).join().unwrap();
}

type Order = Box<dyn FnOnce(&Cluster) + Send>;

/// A mock cluster, on a thread of its own: it may not leave it.
pub(crate) struct Mock {
    url: String,
    orders: mpsc::Sender<Order>,
}

impl Mock {
    pub(crate) fn start(brokers: i32) -> Self {
        let (orders, taken) = mpsc::channel::<Order>();
        let (urls, url) = mpsc::channel();
        std::thread::spawn(move || {
            let cluster = MockCluster::new(brokers).unwrap();
            urls.send(cluster.bootstrap_servers()).unwrap();
            for order in taken {
                order(&cluster);
            }
        });
        Self { url: url.recv().unwrap(), orders }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Does something with the cluster, and waits until it is done.
    pub(crate) fn with<T: Send + 'static>(&self, order: impl FnOnce(&Cluster) -> T + Send + 'static) -> T {
        let (done, answer) = mpsc::channel();
        self.orders.send(Box::new(move |cluster| done.send(order(cluster)).unwrap())).unwrap();
        answer.recv().unwrap()
    }

    /// Makes the topics of slices and the dead letters of groups: the cluster
    /// makes none when it is asked.
    pub(crate) fn topics(&self, prefix: &str, slices: &[&str], groups: &[&str]) {
        let slices = slices.iter().map(|slice| (format!("{prefix}.{slice}"), 4));
        let groups = groups.iter().map(|group| (format!("{prefix}.{group}.dead"), 1));
        let topics: Vec<_> = slices.chain(groups).collect();
        self.with(move |cluster| {
            for (name, count) in topics {
                cluster.create_topic(&name, count, 1).unwrap();
            }
        });
    }
}
