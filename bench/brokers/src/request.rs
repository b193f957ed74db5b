//! Requests through NATS: `App::send` to a handler elsewhere, against the client's
//! own requests.

use std::time::{Duration, Instant};

use anywise::App;
use anywise_nats::Nats;
use bench::Table;
use futures_util::StreamExt as _;

use crate::Cli;
use crate::broker::Done;
use crate::ours::till::{Charge, Receipt};
use crate::ours::{shop, till};
use crate::rounds::{part, rounds};

/// Requests of a round.
const ASKED: usize = 1_000;

const SUBJECT: &str = "by-hand.Charge";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    App,
    Bare,
}

/// The median time of a request.
pub(crate) async fn requests(table: &Table, cli: &Cli, url: &str) -> Done {
    let figure = "request, p50 / bare";
    if !table.wants(figure) {
        return Ok(());
    }
    let asking = Asking::open(url).await?;
    let times = rounds(cli.rounds, &[Side::App, Side::Bare], async |side| asking.round(side).await).await?;
    Table::times(figure, 1.3, times.into_iter().map(|round| (round[0], round[1])).collect());
    asking.close().await;
    Ok(())
}

/// Both ways to ask, and who answers.
struct Asking {
    here: App,
    there: App,
    hand: async_nats::Client,
    answering: tokio::task::JoinHandle<Done>,
}

impl Asking {
    async fn open(url: &str) -> Done<Self> {
        let nats = || Nats::new(url).prefix("bench");
        let there = App::builder().name("bench").slices([till::SLICE]).transport(nats()).build().await?;
        let here = App::builder().name("bench").slices([shop::SLICE]).remote(nats().remote()).build().await?;
        let answers = async_nats::connect(url).await?;
        let requests = answers.queue_subscribe(SUBJECT, "till".into()).await?;
        answers.flush().await?;
        let answering = tokio::spawn(answer(answers, requests));
        let asking = Self { here, there, hand: async_nats::connect(url).await?, answering };
        // Both are there when both have answered.
        while asking.here.send(charge(0)).await.is_err() {
            tokio::task::yield_now().await;
        }
        asking.ask(Side::Bare, 0).await?;
        Ok(asking)
    }

    async fn close(self) {
        self.here.stop(Duration::from_secs(1)).await;
        self.there.stop(Duration::from_secs(1)).await;
        self.answering.abort();
    }

    async fn ask(&self, side: Side, number: usize) -> Done<Receipt> {
        let charge = charge(number);
        if side == Side::App {
            return Ok(self.here.send(charge).await?);
        }
        let reply = self.hand.request(SUBJECT, serde_json::to_vec(&charge)?.into()).await?;
        Ok(serde_json::from_slice(&reply.payload)?)
    }

    /// The median time of a request, in seconds.
    async fn round(&self, side: Side) -> Done<f64> {
        let mut times = Vec::with_capacity(ASKED);
        for number in 0..ASKED {
            let began = Instant::now();
            self.ask(side, number).await?;
            times.push(began.elapsed());
        }
        Ok(part(times, 50).as_secs_f64())
    }
}

/// Answers by hand, each request in a task of its own.
async fn answer(client: async_nats::Client, mut requests: async_nats::Subscriber) -> Done {
    while let Some(request) = requests.next().await {
        let client = client.clone();
        tokio::spawn(async move {
            let charge: Charge = serde_json::from_slice(&request.payload)?;
            let receipt = Receipt { payment: format!("{}-{}", charge.order, charge.cents) };
            let reply = request.reply.ok_or("it is no request")?;
            Done::Ok(client.publish(reply, serde_json::to_vec(&receipt)?.into()).await?)
        });
    }
    Ok(())
}

fn charge(number: usize) -> Charge {
    Charge { order: format!("{number:020}"), cents: 900 }
}
