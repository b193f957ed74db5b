//! The other processes of a shop that is split: which broker takes events to
//! them, and where their slices are asked.
//!
//! Nothing here is known to the slices: they are the same in one process and in
//! many.

use std::collections::BTreeMap;

use anywise::{AppBuilder, RemotePolicy};
use anywise_http::HttpRemote;
use clap::Args;

/// How processes of one shop find each other.
#[derive(Debug, Args)]
pub(crate) struct Network {
    /// NATS server that takes events and requests to other processes, such as `nats://127.0.0.1:4222`
    #[arg(long, global = true, env = "SHOP_NATS", hide_env_values = true, value_name = "URL")]
    nats: Option<String>,
    /// RabbitMQ server that takes events to other processes, such as `amqp://127.0.0.1:5672`
    #[arg(long, global = true, env = "SHOP_RABBITMQ", hide_env_values = true, value_name = "URL")]
    rabbitmq: Option<String>,
    /// Kafka brokers that take events to other processes, such as `127.0.0.1:9092`
    #[arg(long, global = true, env = "SHOP_KAFKA", hide_env_values = true, value_name = "BROKERS")]
    kafka: Option<String>,
    /// Redis server that takes events to other processes, such as `redis://127.0.0.1:6379`
    #[arg(long, global = true, env = "SHOP_REDIS", hide_env_values = true, value_name = "URL")]
    redis: Option<String>,
    /// Postgres database that takes events to other processes, such as `postgres://user@host/events`; whatever keeps
    /// their data
    #[arg(long, global = true, env = "SHOP_POSTGRES_BROKER", hide_env_values = true, value_name = "URL")]
    postgres_broker: Option<String>,
    /// Begins the names of everything at the broker; all processes of one shop have the same
    #[arg(long, global = true, env = "SHOP_PREFIX", default_value = "shop", value_name = "NAME")]
    prefix: String,
    /// Go on with a broker that may lose what it has confirmed, such as a Redis that writes nothing to disk
    #[arg(long, global = true, env = "SHOP_ACCEPT_WEAKER_DURABILITY")]
    accept_weaker_durability: bool,
    /// Where a slice of another process is asked over HTTP, such as `payment=http://127.0.0.1:3001`; can be repeated
    #[arg(long, global = true, env = "SHOP_AT", value_delimiter = ',', value_name = "SLICE=URL", value_parser = place)]
    at: Vec<(String, String)>,
    /// By which the processes of one shop know each other over HTTP
    #[arg(long, global = true, env = "SHOP_SECRET", hide_env_values = true, value_name = "TEXT")]
    secret: Option<String>,
}

/// A slice and where it is.
fn place(text: &str) -> Result<(String, String), String> {
    let (slice, url) =
        text.split_once('=').ok_or("write SLICE=URL, such as payment=http://127.0.0.1:3001")?;
    if crate::SLICES.iter().any(|known| known.name() == slice) {
        return Ok((slice.to_owned(), url.to_owned()));
    }
    Err(format!("there is no slice `{slice}`"))
}

impl Network {
    /// By which the processes of one shop know each other over HTTP.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Whether there are other processes.
    pub(crate) fn is_split(&self) -> bool {
        let brokers = [&self.nats, &self.rabbitmq, &self.kafka, &self.redis, &self.postgres_broker];
        brokers.iter().any(|broker| broker.is_some()) || !self.at.is_empty()
    }

    /// The shop with its ways to other processes. Connects to nothing.
    ///
    /// # Errors
    /// An address that is none, or a broker this program was built without.
    pub(crate) fn join(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        let builder = self.remotes(builder)?;
        let builder = self.join_nats(builder)?;
        let builder = self.join_rabbitmq(builder)?;
        let builder = self.join_kafka(builder)?;
        let builder = self.join_redis(builder)?;
        Ok(self.join_postgres(builder))
    }

    /// A remote for each slice that is elsewhere; its instances take turns.
    fn remotes(&self, mut builder: AppBuilder) -> Result<AppBuilder, String> {
        let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (slice, url) in &self.at {
            places.entry(slice).or_default().push(url);
        }
        for (slice, urls) in places {
            let remote = HttpRemote::among(urls).map_err(|error| format!("--at {slice}: {error}"))?;
            let mut remote = remote.slices([slice]);
            if let Some(secret) = &self.secret {
                remote = remote.secret(secret).map_err(|error| format!("--secret: {error}"))?.every_message();
            }
            builder = builder.remote(RemotePolicy::default().around(remote));
        }
        Ok(builder)
    }

    fn join_postgres(&self, builder: AppBuilder) -> AppBuilder {
        let Some(url) = &self.postgres_broker else { return builder };
        let mut broker = anywise::sql::PostgresBroker::new(url).prefix(&self.prefix);
        if self.accept_weaker_durability {
            broker = broker.accept_weaker_durability();
        }
        builder.transport(broker)
    }

    #[cfg(feature = "nats")]
    #[expect(clippy::unnecessary_wraps, reason = "without the broker it is refused")]
    fn join_nats(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        let Some(url) = &self.nats else { return Ok(builder) };
        let mut nats = anywise_nats::Nats::new(url).prefix(&self.prefix);
        if self.accept_weaker_durability {
            nats = nats.accept_weaker_durability();
        }
        Ok(builder.remote(RemotePolicy::default().around(nats.remote())).transport(nats))
    }

    #[cfg(not(feature = "nats"))]
    fn join_nats(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        without("nats", self.nats.is_some()).map(|()| builder)
    }

    #[cfg(feature = "rabbitmq")]
    #[expect(clippy::unnecessary_wraps, reason = "without the broker it is refused")]
    fn join_rabbitmq(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        let Some(url) = &self.rabbitmq else { return Ok(builder) };
        Ok(builder.transport(anywise_rabbitmq::RabbitMq::new(url).prefix(&self.prefix)))
    }

    #[cfg(not(feature = "rabbitmq"))]
    fn join_rabbitmq(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        without("rabbitmq", self.rabbitmq.is_some()).map(|()| builder)
    }

    #[cfg(feature = "kafka")]
    #[expect(clippy::unnecessary_wraps, reason = "without the broker it is refused")]
    fn join_kafka(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        let Some(brokers) = &self.kafka else { return Ok(builder) };
        let mut kafka = anywise_kafka::Kafka::new(brokers).prefix(&self.prefix);
        if self.accept_weaker_durability {
            kafka = kafka.accept_weaker_durability();
        }
        Ok(builder.transport(kafka))
    }

    #[cfg(not(feature = "kafka"))]
    fn join_kafka(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        without("kafka", self.kafka.is_some()).map(|()| builder)
    }

    #[cfg(feature = "redis")]
    #[expect(clippy::unnecessary_wraps, reason = "without the broker it is refused")]
    fn join_redis(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        let Some(url) = &self.redis else { return Ok(builder) };
        let mut redis = anywise_redis::Redis::new(url).prefix(&self.prefix);
        if self.accept_weaker_durability {
            redis = redis.accept_weaker_durability();
        }
        Ok(builder.transport(redis))
    }

    #[cfg(not(feature = "redis"))]
    fn join_redis(&self, builder: AppBuilder) -> Result<AppBuilder, String> {
        without("redis", self.redis.is_some()).map(|()| builder)
    }
}

/// A broker that this program was built without may not be asked for.
#[cfg(not(all(feature = "nats", feature = "rabbitmq", feature = "kafka", feature = "redis")))]
fn without(feature: &str, asked: bool) -> Result<(), String> {
    if asked {
        return Err(format!(
            "--{feature}: this program was built without it; build it with `--features {feature}`"
        ));
    }
    Ok(())
}
