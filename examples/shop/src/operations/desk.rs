//! What an operator can see and do, on the store itself.

use std::sync::Arc;

use anywise::{App, DeadLetter, DeadLetterId, DeadLetters, JSON, Result, Store};
use anywise_docs::{Notice, Waiting};
use axum::body::Bytes;

/// Dead letters on one page.
const PAGE: u32 = 100;

/// The operator's side of a store.
pub(crate) struct Desk(Option<Arc<dyn Store>>);

impl Desk {
    /// That of an application's store.
    pub(crate) fn of(app: &App) -> Self {
        Self(app.store().cloned())
    }

    /// That of a store that no application uses.
    pub(crate) fn on(store: Arc<dyn Store>) -> Self {
        Self(Some(store))
    }

    /// What waits, and the newest dead letters before `before`.
    pub(crate) async fn waiting(&self, before: Option<DeadLetterId>) -> Result<Waiting> {
        let Some(store) = &self.0 else { return Ok(Waiting::default()) };
        let mut which = DeadLetters::default();
        (which.before, which.most) = (before, Some(PAGE + 1));
        let mut letters = store.dead_letters(which).await?;
        let more = letters.len() > PAGE as usize;
        letters.truncate(PAGE as usize);
        let more = letters.last().map(|letter| letter.id).filter(|_| more);
        Ok(Waiting { store: Some(store.name().to_owned()), depths: store.depth().await?, letters, more })
    }

    /// One dead letter, whatever has become of it.
    pub(crate) async fn letter(&self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        let Some(store) = &self.0 else { return Ok(None) };
        Ok(store.dead_letters(DeadLetters::one(id)).await?.pop())
    }

    /// Makes a dead letter a delivery again, with another body if there is one.
    pub(crate) async fn replay(&self, id: DeadLetterId, body: Option<Bytes>) -> Result<Notice> {
        let Some(store) = &self.0 else { return Ok(Notice::Gone(id)) };
        let Some(letter) = self.letter(id).await? else { return Ok(Notice::Gone(id)) };
        if let Some(body) = &body
            && letter.envelope.content_type == JSON
            && serde_json::from_slice::<serde_json::Value>(body).is_err()
        {
            return Ok(Notice::NotJson(id));
        }
        let done = store.replay(id, body).await?;
        Ok(if done { Notice::Replayed(id) } else { Notice::Gone(id) })
    }

    /// Gives a dead letter up for good.
    pub(crate) async fn discard(&self, id: DeadLetterId) -> Result<Notice> {
        let Some(store) = &self.0 else { return Ok(Notice::Gone(id)) };
        let done = store.discard(id).await?;
        Ok(if done { Notice::Discarded(id) } else { Notice::Gone(id) })
    }

    /// Lets go of the store.
    pub(crate) async fn close(&self) -> Result<()> {
        match &self.0 {
            Some(store) => store.close().await,
            None => Ok(()),
        }
    }
}
