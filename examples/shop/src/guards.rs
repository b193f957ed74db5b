//! What stands around the functions of every slice.

use std::time::Instant;

use anywise::prelude::*;

/// Logs every command: whether it succeeded, and how long it took.
#[guard(around, commands)]
async fn log_commands(cx: Context, mut next: Next<'_>) -> Result<()> {
    let began = Instant::now();
    let result = next.run().await;
    let (command, key, took) = (cx.name(), cx.key(), began.elapsed());
    match &result {
        Ok(()) => tracing::info!(command, key, ?took, "done"),
        Err(error) if error.kind().is_callers_fault() => {
            tracing::info!(command, key, ?took, code = error.code(), "refused");
        }
        Err(error) => tracing::error!(command, key, ?took, ?error, "failed"),
    }
    result
}
