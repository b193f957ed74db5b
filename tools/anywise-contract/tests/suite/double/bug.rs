//! What may be wrong with a double, and what that does to what passes through.

use std::time::Duration;

use anywise_core::{Batch, Delivery, Headers, Outcome};
use uuid::Uuid;

/// What is wrong with a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    AppendsInTwoSteps,
    AppendsTwice,
    BeginsForGood,
    BeginsWhatIsLost,
    BuriesNothing,
    BuriesWithTheirKey,
    ChangesTheOldReply,
    ClaimsMore,
    ClaimsWithoutCounting,
    ClosesWithoutGivingBack,
    CommitsWithoutFence,
    CutsBodies,
    DeliversEarly,
    FiresAlways,
    ForgetsArrivals,
    ForgetsArrivalsWithTheProcess,
    ForgetsBatchCancels,
    ForgetsFailures,
    ForgetsFirings,
    ForgetsKeys,
    ForgetsLastOfBatch,
    ForgetsReplies,
    ForgetsTheCause,
    GivesHintsToNobody,
    GivesTwice,
    GivesUpForGood,
    HoldsForEver,
    HoldsWhatNobodyReceived,
    KeepsAppendsOfFailedBatches,
    KeepsArrivalsInTwoSteps,
    KnowsArrivalsByIdAlone,
    LosesHeaders,
    LosesPrincipals,
    RenewsForNothing,
    RenewsWhatIsLost,
    ReplaysTheOldBody,
    RetriesAtOnce,
    RetriesNever,
    SaysNothingWaits,
    SettlesWithoutFence,
    StopsCount,
    SuspectsTogether,
    SweepsEverything,
    TakesHeldForBegun,
    TakesLossesForNothing,
    TakesParkedForDead,
    TakesReusedForKnown,
    TurnsArrivalsRound,
    TurnsNoPage,
}

impl Bug {
    pub(super) fn spoil_batch(self, batch: &mut Batch) {
        match self {
            Self::CommitsWithoutFence => batch.done = None,
            Self::ForgetsBatchCancels => batch.cancel.clear(),
            Self::ForgetsLastOfBatch => drop(batch.append.pop()),
            Self::BuriesNothing => batch.bury.clear(),
            Self::BuriesWithTheirKey => {
                // As if it had been kept, claimed and given up.
                batch.append.extend(batch.bury.drain(..).map(|one| one.delivery));
            }
            _ => batch.append.iter_mut().for_each(|delivery| self.spoil(delivery)),
        }
    }

    pub(super) fn spoil(self, delivery: &mut Delivery) {
        let envelope = &mut delivery.envelope;
        match self {
            Self::CutsBodies => envelope.body.truncate(64 * 1024),
            Self::DeliversEarly => delivery.due = None,
            Self::ForgetsKeys => envelope.key = None,
            Self::ForgetsTheCause => envelope.causation_id = None,
            Self::LosesHeaders => envelope.headers = Headers::default(),
            Self::LosesPrincipals => envelope.principal = None,
            Self::AppendsTwice => envelope.id = Uuid::now_v7(),
            _ => {}
        }
    }

    pub(super) fn spoil_outcome(self, outcome: Outcome) -> Outcome {
        match (self, outcome) {
            (Self::GivesUpForGood, Outcome::DeadLetter(_)) => Outcome::Done(None),
            (Self::RetriesAtOnce, Outcome::Retry(_)) | (Self::StopsCount, Outcome::Stop) => {
                Outcome::Retry(Duration::ZERO)
            }
            (Self::RetriesNever, Outcome::Retry(_)) => Outcome::Retry(Duration::from_secs(3_600)),
            (Self::TakesParkedForDead, Outcome::Park(reason)) => Outcome::DeadLetter(reason),
            (_, outcome) => outcome,
        }
    }
}
