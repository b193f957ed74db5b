//! The ways to push: from many callers, each waiting for its own task to be
//! kept, and many tasks in one call.

use apalis::prelude::TaskSink;
use tokio::task::JoinSet;

use crate::Failure;
use crate::message::Happened;

/// Callers at one time, and tasks in one bulk push.
pub(crate) const CALLERS: usize = 64;

/// Pushes `events` from 64 callers, each one after the other.
pub(crate) async fn from_callers<S, K>(storage: &S, events: usize) -> Result<(), Failure>
where
    K: 'static,
    S: TaskSink<Happened, K> + Clone + Send + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let mut storage = storage.clone();
        callers.spawn(async move {
            for n in (caller..events).step_by(CALLERS) {
                storage.push(Happened::new(n)).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    callers.join_all().await.into_iter().collect()
}

/// Pushes `events` from one caller, 64 in each call.
pub(crate) async fn in_bulk<S, K>(storage: &S, events: usize) -> Result<(), Failure>
where
    K: 'static,
    S: TaskSink<Happened, K> + Clone + Send + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    let mut storage = storage.clone();
    for from in (0..events).step_by(CALLERS) {
        let to = events.min(from + CALLERS);
        storage.push_bulk((from..to).map(Happened::new).collect()).await?;
    }
    Ok(())
}
