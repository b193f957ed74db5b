//! Whether an application keeps up with what it has to deliver.

use std::fmt::{self, Display};
use std::time::Duration;

use tokio::time::Instant;

use crate::app::Inner;
use crate::ports::store::Store;
use crate::ports::store::delivery::Depth;

/// Whether an application should be given more to do, for readiness probes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It keeps up.
    Ready,
    /// It does not, for this reason.
    Degraded(String),
}

impl Health {
    /// Whether it keeps up.
    pub fn is_ready(&self) -> bool {
        *self == Self::Ready
    }
}

impl Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Degraded(reason) => write!(f, "degraded: {reason}"),
        }
    }
}

/// How long a store may take to say what waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was last known, so that many who ask are one who asks the store.
#[derive(Default)]
pub(crate) struct Pulse(tokio::sync::Mutex<Option<(Instant, Health)>>);

/// The health of an application.
pub(crate) async fn health(app: &Inner) -> Health {
    if app.draining.is_cancelled() {
        return Health::Degraded("the application is stopping".to_owned());
    }
    if let Some(reason) = app.consumers.iter().find_map(|one| one.complaint(app.relay.late)) {
        return Health::Degraded(reason);
    }
    let Some(store) = &app.store else { return Health::Ready };
    let mut last = app.pulse.0.lock().await;
    match &*last {
        Some((at, health)) if at.elapsed() < FRESH => health.clone(),
        _ => {
            let health = ask(app, &**store).await;
            *last = Some((Instant::now(), health.clone()));
            health
        }
    }
}

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(1);

async fn ask(app: &Inner, store: &dyn Store) -> Health {
    match tokio::time::timeout(PATIENCE, store.depth()).await {
        Ok(Ok(depths)) => of(app, &depths),
        Ok(Err(error)) => Health::Degraded(format!("the store failed: {error}")),
        Err(_) => Health::Degraded("the store does not answer".to_owned()),
    }
}

fn of(app: &Inner, depths: &[Depth]) -> Health {
    // What is for other processes is theirs to keep up with.
    let own = depths.iter().filter(|depth| app.takes(&depth.target));
    match own.max_by_key(|depth| depth.oldest).filter(|depth| depth.oldest > app.relay.late) {
        Some(late) => Health::Degraded(format!(
            "a delivery for `{}` has been due for {} s",
            late.target,
            late.oldest.as_secs()
        )),
        None => Health::Ready,
    }
}
