//! What a service says of itself: PING, INFO and STATS of NATS' services.

use std::sync::Arc;

use anywise_core::{App, Result, Timestamp};
use async_nats::{Client, Message, Subscriber};
use futures_util::stream::{SelectAll, StreamExt as _};
use serde_json::{Value, json};

use crate::config::Config;
use crate::error::away;
use crate::names::plain;
use crate::service::endpoint::Endpoint;

/// What discovery asks on.
const ASKED: &str = "$SRV";

/// One slice with handlers here.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    /// This one among the processes that have the slice.
    id: String,
    version: String,
    description: String,
    metadata: Value,
    started: Timestamp,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
}

/// Answers whoever looks for services.
pub(crate) struct Discovery {
    services: Vec<Service>,
    asked: SelectAll<Subscriber>,
}

impl Discovery {
    /// The service of a slice.
    pub(crate) fn service(config: &Config, app: &App, slice: &str, messages: &[String]) -> Result<Service> {
        let catalog = app.catalog();
        let known = catalog.slices.iter().find(|known| known.name == slice);
        let endpoint = |message: &String| Endpoint::of(&config.names, slice, message).map(Arc::new);
        Ok(Service {
            name: plain(slice),
            id: anywise_core::new_id().simple().to_string(),
            version: config.version.clone(),
            description: known.map(|known| known.docs.clone()).unwrap_or_default(),
            metadata: json!({ "application": catalog.application, "prefix": config.names.prefix() }),
            started: Timestamp::now(),
            endpoints: messages.iter().map(endpoint).collect::<Result<_>>()?,
        })
    }

    /// Listens for those who look for these services, or for any.
    pub(crate) async fn of(client: &Client, services: Vec<Service>) -> Result<Self> {
        let mut subjects = vec![format!("{ASKED}.*")];
        for service in &services {
            subjects.push(format!("{ASKED}.*.{}", service.name));
            subjects.push(format!("{ASKED}.*.{}.{}", service.name, service.id));
        }
        let mut asked = SelectAll::new();
        for subject in subjects {
            let subscribed = client.subscribe(subject).await;
            asked.push(subscribed.map_err(|error| away("the server", error))?);
        }
        Ok(Self { services, asked })
    }

    /// Answers as long as the connection lives.
    pub(crate) async fn answer(mut self, client: Client) {
        while let Some(message) = self.asked.next().await {
            let Some(reply) = message.reply.clone() else { continue };
            for answer in self.answers(&message) {
                if let Err(error) = client.publish(reply.clone(), answer.to_string().into()).await {
                    tracing::debug!(%error, "who looked for services gets no answer");
                }
            }
        }
    }

    /// What the services that are asked say.
    fn answers(&self, asked: &Message) -> Vec<Value> {
        let mut words = asked.subject.split('.').skip(1);
        let verb = words.next().unwrap_or_default();
        let (name, id) = (words.next(), words.next());
        let meant = self.services.iter().filter(|service| {
            name.is_none_or(|name| name == service.name) && id.is_none_or(|id| id == service.id)
        });
        meant.filter_map(|service| service.answer(verb)).collect()
    }
}

impl Service {
    fn answer(&self, verb: &str) -> Option<Value> {
        let each = |of: fn(&Endpoint) -> Value| self.endpoints.iter().map(|one| of(one)).collect::<Vec<_>>();
        let (word, more) = match verb {
            "PING" => ("ping", json!({})),
            "INFO" => ("info", json!({ "description": self.description, "endpoints": each(Endpoint::info) })),
            "STATS" => {
                let started = self.started.to_string();
                ("stats", json!({ "started": started, "endpoints": each(Endpoint::stats) }))
            }
            _ => return None,
        };
        let mut answer = json!({
            "type": format!("io.nats.micro.v1.{word}_response"),
            "name": self.name,
            "id": self.id,
            "version": self.version,
            "metadata": self.metadata,
        });
        for (name, value) in more.as_object()? {
            answer[name] = value.clone();
        }
        Some(answer)
    }
}
