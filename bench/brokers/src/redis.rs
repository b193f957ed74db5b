//! Redis: redis-rs by hand. `XADD` of the body on a multiplexed connection, and
//! `XREADGROUP` of 256, then `XACK` and `XDEL` of them as one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anywise::{Transport, new_id};
use anywise_redis::Redis;
use anywise_servers::{Process, free_port};
use redis::aio::MultiplexedConnection;

use crate::broker::{Broker, Done, Hand, read};
use crate::ours::shop::Sold;
use crate::place::{EVENT, GROUP};
use crate::tally::Tally;

/// What servers are called, and their settings.
pub(crate) const SERVERS: [(&str, &[&str]); 2] =
    [("every write synced", &["--appendonly", "yes", "--appendfsync", "always"]), ("without a file", &[])];

/// A server with its files in `folder`.
pub(crate) fn server(folder: &Path, settings: &[&str]) -> Done<Process> {
    let program = std::env::var("ANYWISE_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let (port, folder) = (free_port(), folder.to_string_lossy());
    let number = port.to_string();
    let always = ["--port", &number, "--save", "", "--auto-aof-rewrite-percentage", "0", "--dir", &folder];
    Ok(Process::start(program, always.iter().chain(settings).map(Into::into).collect(), port)?)
}

/// A stream and its group.
pub(crate) struct Bare {
    url: String,
    prefix: String,
    connection: MultiplexedConnection,
}

async fn connect(url: &str) -> redis::RedisResult<MultiplexedConnection> {
    // The default gives up after half a second, which a busy disk can take.
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
    redis::Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await
}

impl Broker for Bare {
    const SAME: Option<&'static str> = Some("same fields");

    async fn connect(url: &str, prefix: &str) -> Done<Self> {
        let mut connection = connect(url).await?;
        let mut group = redis::cmd("XGROUP");
        group.arg(&["CREATE", "hand", "hand", "0", "MKSTREAM"]);
        group.query_async::<()>(&mut connection).await?;
        Ok(Self { url: url.to_owned(), prefix: prefix.to_owned(), connection })
    }

    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(Redis::new(&self.url).prefix(&self.prefix).accept_weaker_durability())
    }

    async fn publish_one(&self, hand: Hand, event: &Sold) -> Done {
        let mut add = redis::cmd("XADD");
        add.arg("hand").arg("*");
        if hand == Hand::Same {
            let id = new_id().to_string();
            add.arg(&["ce-specversion", "1.0", "ce-id", &id, "ce-source", "/bench", "ce-type", EVENT]);
            add.arg(&["ce-time", &anywise::Timestamp::now().to_string(), "ce-partitionkey", &event.order]);
            add.arg(&["ce-correlationid", &id, "content-type", "application/json"]);
        }
        add.arg("data").arg(serde_json::to_vec(event)?);
        Ok(add.query_async::<()>(&mut self.connection.clone()).await?)
    }

    async fn consume(&self, _: Hand, tally: &Tally, count: usize) -> Done {
        let mut connection = connect(&self.url).await?;
        let mut done = 0;
        while done < count {
            let mut command = redis::cmd("XREADGROUP");
            command.arg(&["GROUP", "hand", "c", "COUNT", "256", "BLOCK", "500", "STREAMS", "hand", ">"]);
            let reply: Option<redis::streams::StreamReadReply> = command.query_async(&mut connection).await?;
            let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
            let mut ids = Vec::new();
            for entry in entries {
                let body: Vec<u8> = entry.get("data").ok_or("an entry has no body")?;
                tally.note(read(&body)?.at);
                ids.push(entry.id);
            }
            if ids.is_empty() {
                continue;
            }
            done += ids.len();
            let mut settle = redis::pipe();
            settle.atomic().cmd("XACK").arg("hand").arg("hand").arg(&ids).cmd("XDEL").arg("hand").arg(&ids);
            settle.exec_async(&mut connection).await?;
        }
        Ok(())
    }

    async fn purge(&self) -> Done {
        for stream in ["hand".to_owned(), format!("{}:group:{GROUP}", self.prefix)] {
            let mut trim = redis::cmd("XTRIM");
            trim.arg(stream).arg("MAXLEN").arg(0);
            trim.query_async::<()>(&mut self.connection.clone()).await?;
        }
        Ok(())
    }

    /// The server is its own, and goes with everything on it.
    async fn delete(&self) -> Done {
        Ok(())
    }
}
