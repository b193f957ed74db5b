//! One history, played on the store and in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anywise_core::{
    Arrival, Batch, Buried, Claim, Claimed, DeadLetter, DeadLetterId, DeadLetters, Delivery, Envelope, Error,
    Failure, Memory, MemoryStore, Outcome, Settlement, Store, Timestamp, Uuid, Want,
};

use super::moves::{End, Item, MEMORIES, MESSAGES, Move, SCHEDULES, TARGETS};
use crate::trial::{HOUR, after, codes, counts, remembering};

/// One history, on the store and in memory.
pub(super) struct History {
    store: Arc<dyn Store>,
    model: MemoryStore,
    name: String,
    messages: Vec<Envelope>,
    /// Every claim there was: in the store, and in memory.
    claims: Vec<(Claimed, Claimed)>,
}

/// What an open dead letter says, wherever it is.
type Letter = (String, String, String, bool, u32, Option<String>);

impl History {
    pub(super) fn new(store: Arc<dyn Store>, number: u32) -> Self {
        let message = |n: usize| {
            let mut envelope = Envelope::json(format!("m{n}"), format!("{n}"));
            envelope.key = (!n.is_multiple_of(3)).then(|| format!("k{}", n % 3));
            envelope
        };
        let messages = (0..MESSAGES).map(message).collect();
        let name = format!("history {number}");
        Self { store, model: MemoryStore::new(), name, messages, claims: Vec::new() }
    }

    pub(super) async fn play(mut self, moves: Vec<Move>) -> Result<(), String> {
        for (n, one) in moves.into_iter().enumerate() {
            let told = |text| format!("move {n}, {one:?}: {text}");
            self.make(one.clone()).await.map_err(told)?;
            self.compare().await.map_err(|text| format!("after move {n}, {one:?}: {text}"))?;
        }
        Ok(())
    }

    /// Makes a move on both; both must answer alike.
    async fn make(&mut self, one: Move) -> Result<(), String> {
        match one {
            Move::Commit { append, done, cancel, remember, bury } => {
                let done =
                    done.and_then(|n| self.claim(n)).map(|(store, model)| (store.clone(), model.clone()));
                let append = self.deliveries(append, done.as_ref().map(|(claimed, _)| claimed)).await;
                let cancel = cancel.map(|message| self.messages[message].id);
                let cancel = cancel.filter(|id| append.iter().all(|delivery| delivery.envelope.id != *id));
                let memory = self.rememberable(remember, done.is_some()).await;
                let batch = |claim: Option<Claim>| {
                    let mut batch =
                        memory.as_ref().map_or_else(Batch::default, |memory| remembering(memory, "reply"));
                    (batch.append, batch.done) = (append.clone(), claim);
                    batch.cancel.extend(cancel);
                    batch.bury.extend(bury.map(|item| self.buried(item)));
                    batch
                };
                let (of_store, of_model) = done.map(|(store, model)| (store.claim, model.claim)).unzip();
                let found = self.store.commit(batch(of_store)).await;
                same(
                    "it answers",
                    found.map_err(code),
                    self.model.commit(batch(of_model)).await.map_err(code),
                )
            }
            Move::Accept { arrivals } => {
                let mut made = Vec::new();
                for (number, items) in arrivals {
                    made.push(self.arrival(number, self.deliveries(items, None).await));
                }
                let found = self.store.accept(made.clone()).await.map_err(code);
                same("it answers", found, self.model.accept(made).await.map_err(code))
            }
            Move::Claim { wants } => self.make_claim(wants).await,
            Move::Settle { claim, end } => {
                let Some((store, model)) = self.claim(claim) else { return Ok(()) };
                let found = self.store.settle(settlement(store, end)).await.map_err(code);
                same("it answers", found, self.model.settle(settlement(model, end)).await.map_err(code))
            }
            Move::Renew => self.renew().await,
            Move::Cancel { message } => {
                let id = self.messages[message].id;
                let found = self.store.cancel(id).await.map_err(code);
                same("it answers", found, self.model.cancel(id).await.map_err(code))
            }
            Move::Replay { letter, mended } => {
                let Some((store, model)) = self.letter(letter).await? else { return Ok(()) };
                let body = mended.then(|| "\"mended\"".into());
                let found = self.store.replay(store, body.clone()).await.map_err(code);
                same("it answers", found, self.model.replay(model, body).await.map_err(code))
            }
            Move::Discard { letter } => {
                let Some((store, model)) = self.letter(letter).await? else { return Ok(()) };
                let found = self.store.discard(store).await.map_err(code);
                same("it answers", found, self.model.discard(model).await.map_err(code))
            }
            Move::Fire { schedule, due, item } => {
                let Some(delivery) = self.deliveries(vec![item], None).await.pop() else { return Ok(()) };
                let (name, due) = (
                    self.schedule(schedule),
                    Timestamp::UNIX_EPOCH + Duration::from_secs(due.unsigned_abs()),
                );
                let found = self.store.fire(&name, due, delivery.clone()).await.map_err(code);
                same("it answers", found, self.model.fire(&name, due, delivery).await.map_err(code))
            }
        }
    }

    async fn make_claim(&mut self, wants: [u32; TARGETS]) -> Result<(), String> {
        let wants: Vec<_> =
            wants.iter().enumerate().map(|(n, most)| Want { target: self.target(n), most: *most }).collect();
        let found = self.store.claim(&wants, false).await.map_err(code)?.claimed;
        let expected = self.model.claim(&wants, false).await.map_err(code)?.claimed;
        let view = |claimed: &Claimed| {
            let (envelope, failures) = (&claimed.delivery.envelope, codes(&claimed.failures).join(" "));
            let target = claimed.delivery.target.clone();
            (envelope.name.clone(), target, envelope.body.clone(), claimed.attempts, claimed.losses, failures)
        };
        let views = |claims: &[Claimed]| claims.iter().map(view).collect::<Vec<_>>();
        same("it claims", views(&found), views(&expected))?;
        self.claims.extend(found.into_iter().zip(expected));
        Ok(())
    }

    async fn renew(&self) -> Result<(), String> {
        let (store, model): (Vec<_>, Vec<_>) =
            self.claims.iter().map(|(store, model)| (store.claim, model.claim)).unzip();
        let found = self.store.renew(&store).await.map_err(code)?;
        let expected = self.model.renew(&model).await.map_err(code)?;
        let held =
            |all: &[Claim], held: &[Claim]| all.iter().map(|one| held.contains(one)).collect::<Vec<_>>();
        same("it holds", held(&store, &found), held(&model, &expected))
    }

    /// Both look alike.
    async fn compare(&self) -> Result<(), String> {
        let store = self.store.as_ref();
        same("what waits", self.depths(store).await?, self.depths(&self.model).await?)?;
        let views = |letters: Vec<DeadLetter>| letters.iter().map(view).collect::<Vec<_>>();
        same("dead letters", views(self.letters(store).await?), views(self.letters(&self.model).await?))?;
        for n in 0..MEMORIES {
            let memory = self.memory(n);
            let found = store.recall(&memory).await.map_err(code)?;
            same("what is remembered", found, self.model.recall(&memory).await.map_err(code)?)?;
        }
        for n in 0..SCHEDULES {
            let name = self.schedule(n);
            let found = store.last_fired(&name).await.map_err(code)?;
            same("when it last fired", found, self.model.last_fired(&name).await.map_err(code)?)?;
        }
        Ok(())
    }

    async fn depths(&self, store: &dyn Store) -> Result<BTreeMap<String, [u64; 6]>, String> {
        let depths = store.depth().await.map_err(code)?.into_iter();
        let ours = depths.filter(|depth| depth.target.starts_with(&format!("{}:", self.name)));
        Ok(ours
            .map(|depth| (depth.target.clone(), counts(&depth)))
            .filter(|(_, counts)| *counts != [0; 6])
            .collect())
    }

    /// The open letters, in an order that both share.
    async fn letters(&self, store: &dyn Store) -> Result<Vec<DeadLetter>, String> {
        let mut letters = Vec::new();
        for n in 0..TARGETS {
            letters.extend(store.dead_letters(DeadLetters::of(self.target(n))).await.map_err(code)?);
        }
        letters.sort_by_key(view);
        Ok(letters)
    }

    /// What is appended, without what the port leaves open: a message whose dead
    /// letter is open, and the one that is done at the same time.
    async fn deliveries(&self, items: Vec<Item>, done: Option<&Claimed>) -> Vec<Delivery> {
        let letters = self.letters(&self.model).await.expect("it is in memory");
        let mut deliveries: Vec<_> = items.into_iter().map(|item| self.delivery(item)).collect();
        deliveries.retain(|delivery| {
            let is_dead = letters.iter().any(|letter| (letter.envelope.id, &*letter.target) == delivery.id());
            !is_dead && done.is_none_or(|done| done.delivery.id() != delivery.id())
        });
        deliveries
    }

    /// What is remembered; nothing when two things would be wrong with the batch:
    /// the port does not say which of them is told.
    async fn rememberable(&self, remember: Option<usize>, done: bool) -> Option<Memory> {
        let memory = self.memory(remember?);
        let taken = self.model.recall(&memory).await.expect("it is in memory").is_some();
        (!done || !taken).then_some(memory)
    }

    fn delivery(&self, item: Item) -> Delivery {
        let delivery = Delivery::new(self.target(item.target), self.messages[item.message].clone());
        delivery.due(item.late.then(|| after(HOUR)))
    }

    fn buried(&self, item: Item) -> Buried {
        Buried::new(self.delivery(item), Failure::new(0, "contract.unreadable", "nobody can read it"))
    }

    /// One of four messages, of which each says one of two things.
    fn arrival(&self, number: u8, deliveries: Vec<Delivery>) -> Arrival {
        let (id, says) = (u128::from(number / 2), u128::from(number));
        Arrival::new(self.name.clone(), Uuid::from_u128(id), Uuid::from_u128(says), deliveries)
    }

    fn claim(&self, back: usize) -> Option<(&Claimed, &Claimed)> {
        let last = self.claims.len().checked_sub(1)?;
        let (store, model) = &self.claims[last - back % self.claims.len()];
        Some((store, model))
    }

    async fn letter(&self, n: usize) -> Result<Option<(DeadLetterId, DeadLetterId)>, String> {
        let (store, model) = (self.letters(self.store.as_ref()).await?, self.letters(&self.model).await?);
        let n = n % model.len().max(1);
        Ok(store.get(n).zip(model.get(n)).map(|(store, model)| (store.id, model.id)))
    }

    fn target(&self, n: usize) -> String {
        format!("{}: target {n}", self.name)
    }

    fn memory(&self, n: usize) -> Memory {
        Memory::new("contract.Ask", Some(&self.name), &n.to_string())
    }

    fn schedule(&self, n: usize) -> String {
        format!("{}: schedule {n}", self.name)
    }
}

fn view(letter: &DeadLetter) -> Letter {
    let last = letter.failures.last().map(|failure| failure.code.clone());
    let (name, reason) = (letter.envelope.name.clone(), letter.reason.clone());
    (letter.target.clone(), name, reason, letter.parked, letter.attempts, last)
}

fn settlement(claimed: &Claimed, end: End) -> Settlement {
    let outcome = match end {
        End::Done => Outcome::Done(None),
        End::Skip => Outcome::Skip,
        End::Stop => Outcome::Stop,
        End::RetryNow => Outcome::Retry(Duration::ZERO),
        End::RetryLater => Outcome::Retry(HOUR),
        End::DeadLetter => Outcome::DeadLetter("given up".to_owned()),
        End::Park => Outcome::Park("held back".to_owned()),
    };
    let settlement = Settlement::new(claimed.claim, outcome);
    match end {
        End::Done | End::Skip | End::Stop => settlement,
        _ => settlement.because(Failure::new(claimed.attempts, format!("contract.{end:?}"), "it failed")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn code(error: Error) -> String {
    error.code().to_owned()
}

#[expect(clippy::needless_pass_by_value, reason = "both are made for it")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, in memory {expected:?}")) }
}
