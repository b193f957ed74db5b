//! Telling what a lookup finds, again and again, until nobody listens.

use std::time::Duration;

use anywise_core::{BoxFuture, Instance, Instances, InstancesSender, Result, jitter};

/// Longest wait after a lookup that failed; the first is a hundredth of it.
const LONGEST: Duration = Duration::from_secs(10);

/// Finds instances.
pub(crate) trait Lookup: Send + 'static {
    /// What there is: at once when it is asked first or after a failure, later
    /// when it may have changed.
    fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>>;
}

/// Follows a lookup in a task of its own.
pub(crate) fn follow(service: &str, lookup: impl Lookup) -> Instances {
    let (sender, instances) = Instances::channel();
    tokio::spawn(tell(service.to_owned(), lookup, sender));
    instances
}

async fn tell(service: String, mut lookup: impl Lookup, sender: InstancesSender) {
    let mut longest = LONGEST / 100;
    loop {
        let found = tokio::select! {
            () = sender.unheard() => return,
            found = lookup.next() => found,
        };
        match found {
            Ok(instances) => {
                tracing::debug!(service, ?instances, "found");
                sender.tell(instances);
                longest = LONGEST / 100;
            }
            // What is known stays known: better an old list than none.
            Err(error) => {
                tracing::warn!(service, %error, "instances could not be looked up");
                tokio::select! {
                    () = sender.unheard() => return,
                    () = tokio::time::sleep(jitter(longest)) => {}
                }
                longest = (longest * 2).min(LONGEST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use anywise_core::{Error, Kind};

    use super::*;

    /// Finds one more each second; every third time it fails.
    struct Growing(Arc<AtomicUsize>);

    impl Lookup for Growing {
        fn next(&mut self) -> BoxFuture<'_, Result<Vec<Instance>>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let count = self.0.fetch_add(1, SeqCst) + 1;
                if count.is_multiple_of(3) {
                    return Err(Error::new(Kind::Unavailable, "a.b", "away"));
                }
                Ok((0..count).map(|at| Instance::new(format!("h{at}:1"))).collect())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn changes_are_told_and_failures_are_not() {
        let count = Arc::new(AtomicUsize::new(0));
        let mut instances = follow("s", Growing(Arc::clone(&count)));
        let mut seen = Vec::new();
        for _ in 0..4 {
            assert!(instances.changed().await);
            seen.push(instances.now().map_or(0, |all| all.len()));
        }
        assert_eq!(seen, [1, 2, 4, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_looked_up_for_nobody() {
        let count = Arc::new(AtomicUsize::new(0));
        let mut instances = follow("s", Growing(Arc::clone(&count)));
        instances.some().await;
        drop(instances);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(count.load(SeqCst) <= 2, "{count:?}");
    }
}
