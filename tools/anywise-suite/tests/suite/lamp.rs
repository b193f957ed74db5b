//! The smallest suite: what every lamp must do.

use std::time::Duration;

use anywise_core::{BoxFuture, Error, Kind, Result};
use anywise_suite::{Case, Need, Skip, Subject};

/// What is wrong with a lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    HasNoSocket,
    DoesNotOpen,
    IsDark,
    BurnsForEver,
}

/// A lamp, with what is said of it.
#[derive(Clone, Copy)]
pub(crate) struct Lamp {
    pub(crate) flaw: Flaw,
    pub(crate) skips: &'static [Skip],
}

impl Lamp {
    pub(crate) fn sound() -> Self {
        Self::with(Flaw::None)
    }

    pub(crate) fn with(flaw: Flaw) -> Self {
        Self { flaw, skips: &[] }
    }

    fn is_without(self, flaw: Flaw, text: &'static str) -> Result<()> {
        if self.flaw == flaw { Err(Error::new(Kind::Unavailable, "test.lamp", text)) } else { Ok(()) }
    }
}

/// Of which lamps a case is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Any,
    Dimmed,
}

impl Need for Ask {
    type Trial = Lamp;

    fn is_met_by(self, _: &Lamp) -> bool {
        self == Self::Any
    }
}

const CASES: &[Case<Ask>] = &[
    Case::new("it_shines", "a lamp that is on shines", Ask::Any, |lamp| {
        Box::pin(async move { it_shines(lamp) })
    }),
    Case::new("it_is_dimmed", "a lamp may shine a little", Ask::Dimmed, |_| Box::pin(async {})),
    Case::new("it_goes_out", "a lamp that is off is dark", Ask::Any, |lamp| Box::pin(it_goes_out(lamp))),
];

fn it_shines(lamp: Lamp) {
    assert!(lamp.flaw != Flaw::IsDark, "it is dark");
}

async fn it_goes_out(lamp: Lamp) {
    if lamp.flaw == Flaw::BurnsForEver {
        std::future::pending::<()>().await;
    }
}

impl Subject for Lamp {
    const KIND: &'static str = "lamp";

    type Need = Ask;
    type Place = ();

    fn cases() -> &'static [Case<Ask>] {
        CASES
    }

    fn limit() -> Duration {
        Duration::from_secs(1)
    }

    fn name(&self) -> &'static str {
        "desk"
    }

    fn skips(&self) -> &'static [Skip] {
        self.skips
    }

    fn place(&self, _: Ask) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.is_without(Flaw::HasNoSocket, "there is no socket") })
    }

    fn begin(&self, (): ()) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async { self.is_without(Flaw::DoesNotOpen, "the switch is stuck").map(|()| *self) })
    }
}
