//! Many callers' requests, carried out a round at a time.
//!
//! A caller hands in a request and waits for its own answer. Workers take what
//! has come together meanwhile, at most [`ROUND`] requests, and carry it out as
//! one: with a store, one transaction and one wait for the disk. Nothing here
//! knows what a request is.

use std::sync::Arc;
use std::time::Duration;

use anywise_core::{BoxFuture, Error, Kind, Result};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Requests carried out together at most.
pub(crate) const ROUND: usize = 256;
/// Requests that may wait for a worker; the next caller waits for a place.
const WAITING: usize = 1_024;
/// How long a caller waits for a place.
const PATIENCE: Duration = Duration::from_secs(3);

/// What carries out a round: an answer for each request, in their order.
pub(crate) trait Worker: Send + Sync + 'static {
    /// What is asked for.
    type Request: Send + 'static;
    /// What is answered.
    type Answer: Send + 'static;
    /// Who it is, for people.
    const WHO: &'static str = "the store";

    /// Carries out a round.
    fn work(self: Arc<Self>, round: Vec<Self::Request>) -> BoxFuture<'static, Vec<Result<Self::Answer>>>;
}

/// Collects requests, and gives them to workers.
pub(crate) struct Batcher<W: Worker> {
    sender: mpsc::Sender<Pending<W>>,
}

struct Pending<W: Worker> {
    request: W::Request,
    answer: oneshot::Sender<Result<W::Answer>>,
}

impl<W: Worker> Batcher<W> {
    /// A batcher with so many rounds at a time. It ends when it is dropped and
    /// everything handed in is answered.
    pub(crate) fn start(worker: &Arc<W>, workers: usize) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..workers {
            tokio::spawn(run(Arc::clone(worker), Arc::clone(&receiver)));
        }
        Self { sender }
    }

    /// Hands in a request. From here on it is carried out, whether anybody
    /// waits for the answer or not.
    ///
    /// # Errors
    /// That there was no place for it (`AW7013`), that the store is closed
    /// (`AW7004`), or what the worker answers.
    pub(crate) async fn ask(&self, request: W::Request) -> Result<W::Answer> {
        let answer = match self.hand_in(request) {
            Ok(answer) => answer,
            Err(request) => match tokio::time::timeout(PATIENCE, self.sender.reserve()).await {
                Ok(Ok(place)) => put(place, request),
                Ok(Err(_)) => return Err(closed(W::WHO)),
                Err(_) => return Err(full(W::WHO)),
            },
        };
        answer.wait().await
    }

    /// The same, at once: the request has its place among the others when this
    /// returns. Gives it back if there is none.
    pub(crate) fn hand_in(&self, request: W::Request) -> Result<Answer<W>, W::Request> {
        match self.sender.try_reserve() {
            Ok(place) => Ok(put(place, request)),
            Err(_) => Err(request),
        }
    }
}

/// What a request that was handed in will be answered.
pub(crate) struct Answer<W: Worker>(oneshot::Receiver<Result<W::Answer>>);

impl<W: Worker> Answer<W> {
    /// # Errors
    /// What the worker answers, or that it ended.
    pub(crate) async fn wait(self) -> Result<W::Answer> {
        self.0.await.unwrap_or_else(|_| Err(gone(W::WHO)))
    }
}

fn put<W: Worker>(place: mpsc::Permit<'_, Pending<W>>, request: W::Request) -> Answer<W> {
    let (answer, answered) = oneshot::channel();
    place.send(Pending { request, answer });
    Answer(answered)
}

async fn run<W: Worker>(worker: Arc<W>, receiver: Arc<Mutex<mpsc::Receiver<Pending<W>>>>) {
    let (mut round, mut usual) = (Vec::with_capacity(ROUND), 0);
    loop {
        take(&mut *receiver.lock().await, &mut round, usual).await;
        if round.is_empty() {
            return;
        }
        usual = round.len();
        let (requests, answers): (Vec<_>, Vec<_>) =
            round.drain(..).map(|pending| (pending.request, pending.answer)).unzip();
        // In a task of its own: a panic ends the round, not the worker.
        let Ok(results) = tokio::spawn(Arc::clone(&worker).work(requests)).await else { continue };
        for (answer, result) in answers.into_iter().zip(results) {
            // Who has gone away has lost interest, and nothing else.
            drop(answer.send(result));
        }
    }
}

/// Takes what has come. Callers that were answered together come back together:
/// where there were more last time, they are let come.
async fn take<W: Worker>(
    receiver: &mut mpsc::Receiver<Pending<W>>,
    round: &mut Vec<Pending<W>>,
    usual: usize,
) {
    let mut more = receiver.recv_many(round, ROUND).await;
    while more > 0 && round.len() < usual.min(ROUND) {
        tokio::task::yield_now().await;
        let before = round.len();
        while round.len() < ROUND
            && let Ok(one) = receiver.try_recv()
        {
            round.push(one);
        }
        more = round.len() - before;
    }
}

fn full(who: &str) -> Error {
    Error::new(Kind::Unavailable, "AW7013", format!("{who} has more to do than it can keep up with"))
        .with_retry_after(Duration::from_secs(1))
}

fn closed(who: &str) -> Error {
    Error::new(Kind::Unavailable, "AW7004", format!("{who} is closed"))
}

fn gone(who: &str) -> Error {
    Error::unknown_outcome(format!("{who} ended while it carried this out"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Doubler {
        rounds: AtomicUsize,
    }

    impl Worker for Doubler {
        type Request = u32;
        type Answer = u32;

        fn work(self: Arc<Self>, round: Vec<u32>) -> BoxFuture<'static, Vec<Result<u32>>> {
            self.rounds.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                tokio::task::yield_now().await;
                assert!(!round.contains(&13), "an unlucky round");
                round
                    .into_iter()
                    .map(|n| if n == 7 { Err(Error::internal("seven")) } else { Ok(n * 2) })
                    .collect()
            })
        }
    }

    #[tokio::test]
    async fn each_caller_gets_its_own_answer_and_rounds_are_shared() {
        let worker = Arc::new(Doubler::default());
        let batcher = Arc::new(Batcher::start(&worker, 2));
        let asked: Vec<_> = (0..200)
            .filter(|n| *n != 13)
            .map(|n| {
                let batcher = Arc::clone(&batcher);
                tokio::spawn(async move { (n, batcher.ask(n).await) })
            })
            .collect();
        for asked in asked {
            let (n, answer) = asked.await.unwrap();
            assert_eq!(answer.ok(), (n != 7).then_some(n * 2));
        }
        assert!(worker.rounds.load(Ordering::SeqCst) < 100);
    }

    #[tokio::test]
    async fn a_panic_is_an_unknown_outcome_and_ends_no_worker() {
        let batcher = Batcher::start(&Arc::new(Doubler::default()), 1);
        assert!(batcher.ask(13).await.unwrap_err().is_unknown_outcome());
        assert_eq!(batcher.ask(2).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_request_is_carried_out_though_its_caller_went_away() {
        let worker = Arc::new(Doubler::default());
        let batcher = Batcher::start(&worker, 1);
        drop(futures_util::poll!(Box::pin(batcher.ask(1))));
        assert_eq!(batcher.ask(2).await.unwrap(), 4);
        assert!(worker.rounds.load(Ordering::SeqCst) >= 1);
    }
}
