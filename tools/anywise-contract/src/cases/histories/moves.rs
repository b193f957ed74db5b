//! What may happen in a history, and how likely it is.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(super) const MESSAGES: usize = 12;
pub(super) const TARGETS: usize = 2;
pub(super) const MEMORIES: usize = 3;
pub(super) const SCHEDULES: usize = 2;

/// A delivery of one of a few messages; every third has no key, the others
/// share two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) message: usize,
    pub(super) target: usize,
    pub(super) late: bool,
}

/// How a claim is settled.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Done,
    Skip,
    Stop,
    RetryNow,
    RetryLater,
    DeadLetter,
    Park,
}

/// One move. Claims are counted back from the newest, letters from the oldest;
/// where there are not so many, they are counted round.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Commit {
        append: Vec<Item>,
        done: Option<usize>,
        cancel: Option<usize>,
        remember: Option<usize>,
        bury: Option<Item>,
    },
    Accept {
        arrivals: Vec<(u8, Vec<Item>)>,
    },
    Claim {
        wants: [u32; TARGETS],
    },
    Settle {
        claim: usize,
        end: End,
    },
    Renew,
    Cancel {
        message: usize,
    },
    Replay {
        letter: usize,
        mended: bool,
    },
    Discard {
        letter: usize,
    },
    Fire {
        schedule: usize,
        due: i64,
        item: Item,
    },
}

fn items() -> impl Strategy<Value = Item> {
    (0..MESSAGES, 0..TARGETS, prop::bool::weighted(0.2)).prop_map(|(message, target, late)| Item {
        message,
        target,
        late,
    })
}

fn ends() -> impl Strategy<Value = End> {
    use End::{DeadLetter, Done, Park, RetryLater, RetryNow, Skip, Stop};
    prop::sample::select(vec![Done, Done, Done, Skip, Stop, RetryNow, RetryNow, RetryLater, DeadLetter, Park])
}

pub(super) fn moves() -> impl Strategy<Value = Move> {
    let commit = (vec(items(), 0..5), option::weighted(0.3, 0..6_usize), option::weighted(0.1, 0..MESSAGES))
        .prop_flat_map(|(append, done, cancel)| {
            let rest = (option::weighted(0.15, 0..MEMORIES), option::weighted(0.1, items()));
            rest.prop_map(move |(remember, bury)| Move::Commit {
                append: append.clone(),
                done,
                cancel,
                remember,
                bury,
            })
        });
    let fire = (0..SCHEDULES, 0..5_i64, items());
    prop_oneof![
        6 => commit,
        6 => [0..4_u32, 0..4_u32].prop_map(|wants| Move::Claim { wants }),
        8 => (0..6_usize, ends()).prop_map(|(claim, end)| Move::Settle { claim, end }),
        2 => vec((0..8_u8, vec(items(), 0..3)), 0..4).prop_map(|arrivals| Move::Accept { arrivals }),
        1 => Just(Move::Renew),
        1 => (0..MESSAGES).prop_map(|message| Move::Cancel { message }),
        2 => (0..4_usize, any::<bool>()).prop_map(|(letter, mended)| Move::Replay { letter, mended }),
        2 => (0..4_usize).prop_map(|letter| Move::Discard { letter }),
        1 => fire.prop_map(|(schedule, due, item)| Move::Fire { schedule, due, item }),
    ]
}
