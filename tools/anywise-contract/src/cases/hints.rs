//! Whoever waits for work is told when there is some.

use anywise_core::Outcome;

use crate::trial::{Trial, keyed, message, soon};

/// Waits for hints until there is something to claim.
async fn wait(trial: &Trial) -> String {
    loop {
        trial.store().ready().await;
        if let Some(claimed) = trial.claim(1).await.pop() {
            return crate::trial::label(&claimed).to_owned();
        }
    }
}

pub(super) async fn a_commit_gives_a_hint_to_who_waits(trial: Trial) {
    let (found, ()) = tokio::join!(soon("a commit gives a hint", wait(&trial)), async {
        tokio::task::yield_now().await;
        trial.keep([message("a")]).await;
    });
    assert_eq!(found, "a", "what the hint was about");
}

pub(super) async fn a_hint_is_kept_for_the_next_to_wait(trial: Trial) {
    trial.keep([message("a")]).await;
    assert_eq!(soon("the hint of an earlier commit is kept", wait(&trial)).await, "a", "what it was about");
}

pub(super) async fn letting_a_key_go_gives_a_hint(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    let first = trial.claim_one("a").await;
    trial.done(&first).await;
    assert_eq!(soon("a settlement gives a hint", wait(&trial)).await, "b", "the next of the key");
    trial.keep([message("c")]).await;
    trial.end(&trial.claim_one("c").await, Outcome::Stop).await;
    assert_eq!(soon("what is given back gives a hint", wait(&trial)).await, "c", "what was given back");
}
