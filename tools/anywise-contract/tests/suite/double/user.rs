//! A process at work on the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anywise_core::{
    Acceptance, Arrival, Batch, BoxFuture, Claim, Claims, DeadLetter, DeadLetterId, DeadLetters, Delivery,
    Depth, Memory, MemoryStore, Outcome, Remembered, Result, Retention, SUSPECT, Settlement, Store,
    StoreTraits, Timestamp, Want, company,
};
use bytes::Bytes;
use uuid::Uuid;

use super::bug::Bug;
use super::database::{Database, Held, Hold};

/// One process at work on the database.
pub(super) struct User {
    pub(super) database: Arc<Database>,
    pub(super) bug: Bug,
    pub(super) owner: u64,
}

impl User {
    fn kept(&self) -> &MemoryStore {
        &self.database.kept
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn hint(&self) {
        if !self.has(Bug::GivesHintsToNobody) {
            self.database.hint.notify_one();
        }
    }

    /// What ran out is ready again, with a loss.
    async fn reap(&self, all: &mut Held) {
        let over = |hold: &Hold| hold.until < Instant::now();
        let lost: Vec<_> = all.claims.extract_if(|_, hold| over(hold)).collect();
        for (claim, hold) in lost {
            let begun = hold.begun
                || self.has(Bug::TakesHeldForBegun)
                || (self.has(Bug::BeginsForGood) && all.ever.contains(&hold.delivery));
            if !begun {
                let stop = Settlement::new(claim, Outcome::Stop);
                self.kept().settle(stop).await.expect("it is in memory");
                continue;
            }
            let retry = Settlement::new(claim, Outcome::Retry(Duration::ZERO));
            self.kept().settle(retry).await.expect("it is in memory");
            if !self.has(Bug::TakesLossesForNothing) {
                *all.losses.entry(hold.delivery).or_default() += 1;
            }
        }
    }

    async fn claimed(&self, wants: &[Want], alone: bool) -> Result<Claims> {
        let mut all = self.database.claims.lock().await;
        if !self.has(Bug::HoldsForEver) {
            self.reap(&mut all).await;
        }
        let mut claims = self.kept().claim(wants, alone).await?;
        let others = all.claims.values().any(|hold| hold.suspect && hold.owner == self.owner);
        // Losses of the first suspect, and room for so many more.
        let mut first: Option<(u32, u32)> = None;
        let mut kept = Vec::new();
        for mut claimed in std::mem::take(&mut claims.claimed) {
            let delivery = (claimed.delivery.envelope.id, claimed.delivery.target.clone());
            claimed.losses = all.losses.get(&delivery).copied().unwrap_or_default();
            let suspect = claimed.losses >= SUSPECT;
            let fits = first.is_none_or(|(losses, room)| claimed.losses <= losses && room > 0);
            if suspect && (!alone || others || !fits) && !self.has(Bug::SuspectsTogether) {
                self.kept().settle(Settlement::new(claimed.claim, Outcome::Stop)).await?;
                continue;
            }
            if suspect {
                let (losses, room) = first.unwrap_or((claimed.losses, company(claimed.losses)));
                first = Some((losses, room.saturating_sub(1)));
            }
            let until = Instant::now() + self.database.lease;
            all.claims
                .insert(claimed.claim, Hold { owner: self.owner, until, delivery, suspect, begun: false });
            kept.push(claimed);
        }
        claims.claimed = kept;
        Ok(claims)
    }
}

impl Store for User {
    fn name(&self) -> &'static str {
        "double"
    }

    fn traits(&self) -> StoreTraits {
        StoreTraits::durable().shared(self.database.lease / 3)
    }

    fn open<'a>(&'a self, _: &'a [&'static str]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn commit(&self, mut batch: Batch) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut all = self.database.claims.lock().await;
            let done = batch.done;
            if done.is_some_and(|claim| !all.claims.contains_key(&claim)) {
                // The store in memory says what is said of a lost claim.
                batch.done = Some(Claim { id: 0, epoch: 0 });
            }
            self.bug.spoil_batch(&mut batch);
            if self.has(Bug::AppendsInTwoSteps) {
                let mut first = Batch::default();
                first.append.extend(batch.append.pop());
                self.kept().commit(first).await?;
                tokio::task::yield_now().await;
            }
            if self.has(Bug::ChangesTheOldReply) {
                batch.remember = batch.remember.take().map(|mut reply| {
                    reply.memory = Memory::from(format!("{} ", reply.memory.as_str()));
                    reply
                });
            }
            let mut appends = Batch::default();
            appends.append.clone_from(&batch.append);
            let committed = self.kept().commit(batch).await;
            if committed.is_err() && self.has(Bug::KeepsAppendsOfFailedBatches) {
                self.kept().commit(appends).await?;
            }
            committed?;
            done.map(|claim| all.claims.remove(&claim));
            self.hint();
            Ok(())
        })
    }

    fn accept(&self, mut arrivals: Vec<Arrival>) -> BoxFuture<'_, Result<Vec<Acceptance>>> {
        Box::pin(async move {
            for one in &mut arrivals {
                one.deliveries.iter_mut().for_each(|delivery| self.bug.spoil(delivery));
                match self.bug {
                    Bug::ForgetsArrivals => one.id = Uuid::now_v7(),
                    Bug::ForgetsArrivalsWithTheProcess => one.group = format!("{} {}", self.owner, one.group),
                    Bug::KnowsArrivalsByIdAlone => one.group.clear(),
                    Bug::TakesReusedForKnown => one.fingerprint = Uuid::nil(),
                    _ => {}
                }
            }
            if self.has(Bug::TurnsArrivalsRound) {
                arrivals.reverse();
            }
            let mut accepted = Vec::new();
            if self.has(Bug::KeepsArrivalsInTwoSteps) && arrivals.len() > 1 {
                accepted = self.kept().accept(arrivals.drain(..1).collect()).await?;
                self.hint();
                tokio::task::yield_now().await;
            }
            accepted.extend(self.kept().accept(arrivals).await?);
            self.hint();
            Ok(accepted)
        })
    }

    fn claim<'a>(&'a self, wants: &'a [Want], alone: bool) -> BoxFuture<'a, Result<Claims>> {
        Box::pin(async move {
            let mut wants = wants.to_vec();
            if self.has(Bug::ClaimsMore) {
                for want in &mut wants {
                    want.most += 1;
                }
            }
            let mut claims = self.claimed(&wants, alone).await?;
            if self.has(Bug::HoldsWhatNobodyReceived) {
                tokio::task::yield_now().await;
            }
            if self.has(Bug::GivesTwice) {
                claims.claimed.extend(claims.claimed.first().cloned());
            }
            for claimed in &mut claims.claimed {
                match self.bug {
                    Bug::ClaimsWithoutCounting => claimed.attempts = 1,
                    Bug::ForgetsFailures => claimed.failures.clear(),
                    _ => {}
                }
            }
            Ok(claims)
        })
    }

    fn begin(&self, claim: Claim) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let all = &mut *self.database.claims.lock().await;
            let Some(hold) = all.claims.get_mut(&claim).filter(|hold| hold.owner == self.owner) else {
                return Ok(self.has(Bug::BeginsWhatIsLost));
            };
            hold.begun = true;
            all.ever.insert(hold.delivery.clone());
            Ok(true)
        })
    }

    fn settle(&self, mut settlement: Settlement) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let mut all = self.database.claims.lock().await;
            let Some(hold) = all.claims.remove(&settlement.claim) else {
                return Ok(self.has(Bug::SettlesWithoutFence));
            };
            settlement.outcome = self.bug.spoil_outcome(settlement.outcome);
            if matches!(settlement.outcome, Outcome::DeadLetter(_) | Outcome::Park(_)) {
                all.losses.remove(&hold.delivery);
            }
            let settled = self.kept().settle(settlement).await;
            self.hint();
            settled
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> BoxFuture<'a, Result<Vec<Claim>>> {
        Box::pin(async move {
            if self.has(Bug::RenewsWhatIsLost) {
                return Ok(claims.to_vec());
            }
            let mut all = self.database.claims.lock().await;
            let until = Instant::now() + self.database.lease;
            let mut renewed = Vec::new();
            for claim in claims {
                let Some(hold) = all.claims.get_mut(claim).filter(|hold| hold.owner == self.owner) else {
                    continue;
                };
                renewed.push(*claim);
                if !self.has(Bug::RenewsForNothing) {
                    hold.until = until;
                }
            }
            Ok(renewed)
        })
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.database.hint.notified())
    }

    fn recall<'a>(&'a self, memory: &'a Memory) -> BoxFuture<'a, Result<Option<Remembered>>> {
        Box::pin(async move {
            let remembered = self.kept().recall(memory).await?;
            Ok(remembered.filter(|_| !self.has(Bug::ForgetsReplies)))
        })
    }

    fn fire<'a>(&'a self, name: &'a str, due: Timestamp, delivery: Delivery) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            if self.has(Bug::FiresAlways) {
                let mut batch = Batch::default();
                batch.append.push(delivery);
                return self.kept().commit(batch).await.map(|()| true);
            }
            self.kept().fire(name, due, delivery).await
        })
    }

    fn last_fired<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Timestamp>>> {
        let forgets = self.has(Bug::ForgetsFirings);
        Box::pin(async move { Ok(self.kept().last_fired(name).await?.filter(|_| !forgets)) })
    }

    fn cancel(&self, message: Uuid) -> BoxFuture<'_, Result<bool>> {
        self.kept().cancel(message)
    }

    fn depth(&self) -> BoxFuture<'_, Result<Vec<Depth>>> {
        if self.has(Bug::SaysNothingWaits) { Box::pin(async { Ok(Vec::new()) }) } else { self.kept().depth() }
    }

    fn dead_letters(&self, mut which: DeadLetters) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        if self.has(Bug::TurnsNoPage) {
            which.before = None;
        }
        self.kept().dead_letters(which)
    }

    fn replay(&self, id: DeadLetterId, body: Option<Bytes>) -> BoxFuture<'_, Result<bool>> {
        self.hint();
        self.kept().replay(id, body.filter(|_| !self.has(Bug::ReplaysTheOldBody)))
    }

    fn discard(&self, id: DeadLetterId) -> BoxFuture<'_, Result<bool>> {
        self.hint();
        self.kept().discard(id)
    }

    fn sweep<'a>(&'a self, retention: &'a Retention) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let mut retention = *retention;
            if self.has(Bug::SweepsEverything) {
                retention.batch = u32::MAX;
            }
            self.kept().sweep(&retention).await
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.has(Bug::ClosesWithoutGivingBack) {
                return Ok(());
            }
            let mut all = self.database.claims.lock().await;
            let ours: Vec<_> = all.claims.extract_if(|_, hold| hold.owner == self.owner).collect();
            for (claim, _) in ours {
                self.kept().settle(Settlement::new(claim, Outcome::Stop)).await?;
            }
            Ok(())
        })
    }
}
