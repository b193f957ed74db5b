//! Registering an instance for as long as it serves.

use std::time::Duration;

use anywise_core::{BoxFuture, CancellationToken, Discovery, Instance, Result, jitter};
use tokio::task::JoinHandle;

/// A place where services tell where they are.
pub trait Registry: Discovery {
    /// Registers an instance of a service, and keeps it registered until what is
    /// returned is dropped. Called within a Tokio runtime.
    ///
    /// It is forgotten by itself when this process has died. If the registry
    /// forgets it too early, or loses its memory, it is registered anew.
    ///
    /// # Errors
    /// `AW2110`: it could not be registered. Later failures are logged, and tried
    /// again.
    fn register(&self, service: &str, instance: Instance) -> BoxFuture<'static, Result<Registered>>;
}

/// An instance that is registered. Dropping it lets it be deregistered in the
/// background; [`deregister`](Self::deregister) waits for that.
#[derive(Debug)]
#[must_use = "an instance is registered until this is dropped"]
pub struct Registered {
    stop: CancellationToken,
    task: Option<JoinHandle<Result<()>>>,
}

impl Registered {
    /// Deregisters the instance: done when nobody new finds it.
    ///
    /// # Errors
    /// `AW2110`: it could not be; it is forgotten when its time is over.
    pub async fn deregister(mut self) -> Result<()> {
        self.stop.cancel();
        match self.task.take() {
            Some(task) => task.await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One instance in a registry.
pub(crate) trait Entry: Send + 'static {
    /// Writes it.
    fn enter(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Says that it still lives; false when the registry does not know it.
    fn renew(&mut self) -> BoxFuture<'_, Result<bool>>;

    /// Takes it out.
    fn leave(&mut self) -> BoxFuture<'_, Result<()>>;
}

/// Keeps `entry` in its registry, which forgets it after `ttl`.
pub(crate) async fn keep(mut entry: impl Entry, ttl: Duration) -> Result<Registered> {
    entry.enter().await?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        let mut wait = ttl / 3;
        while stopped.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
            let Some(kept) = stopped.run_until_cancelled(again(&mut entry)).await else { break };
            wait = match kept {
                Ok(()) => ttl / 3,
                Err(error) => {
                    tracing::warn!(%error, "an instance could not be kept registered");
                    jitter(ttl / 6)
                }
            };
        }
        entry.leave().await
    });
    Ok(Registered { stop, task: Some(task) })
}

async fn again(entry: &mut impl Entry) -> Result<()> {
    if entry.renew().await? {
        return Ok(());
    }
    tracing::info!("an instance was forgotten, and is registered anew");
    entry.enter().await
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use anywise_core::{Error, Kind};

    use super::*;

    /// Writes down what is done to it; `forgets` and `fails` say which renewals.
    struct Noted {
        notes: Arc<Mutex<Vec<&'static str>>>,
        renewals: u32,
    }

    impl Noted {
        fn note(&self, what: &'static str) {
            self.notes.lock().expect("not poisoned").push(what);
        }
    }

    impl Entry for Noted {
        fn enter(&mut self) -> BoxFuture<'_, Result<()>> {
            self.note("enter");
            Box::pin(std::future::ready(Ok(())))
        }

        fn renew(&mut self) -> BoxFuture<'_, Result<bool>> {
            self.renewals += 1;
            self.note("renew");
            Box::pin(std::future::ready(match self.renewals {
                2 => Ok(false),
                3 => Err(Error::new(Kind::Unavailable, "a.b", "away")),
                _ => Ok(true),
            }))
        }

        fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
            self.note("leave");
            Box::pin(std::future::ready(Ok(())))
        }
    }

    async fn noted(seconds: u64) -> (Arc<Mutex<Vec<&'static str>>>, Registered) {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let entry = Noted { notes: Arc::clone(&notes), renewals: 0 };
        let registered = keep(entry, Duration::from_secs(9)).await.expect("entered");
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        (notes, registered)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_and_entered_anew_where_it_was_forgotten() {
        let (notes, registered) = noted(11).await;
        registered.deregister().await.expect("left");
        let notes = notes.lock().expect("not poisoned");
        assert_eq!(notes[..5], ["enter", "renew", "renew", "enter", "renew"]);
        assert_eq!(notes.last(), Some(&"leave"));
        assert!(notes.len() >= 7, "a failure is tried again soon: {notes:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_it_takes_it_out() {
        let (notes, registered) = noted(1).await;
        drop(registered);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(*notes.lock().expect("not poisoned"), ["enter", "leave"]);
    }
}
