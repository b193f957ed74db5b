//! What is given up is kept, with everything known of it, until somebody decides.

use anywise_core::{
    Batch, Buried, DeadLetter, DeadLetterId, DeadLetterState, DeadLetters, Delivery, Failure, Outcome,
    Timestamp,
};

use crate::trial::{HOUR, TARGET, Trial, after, ago, appending, codes, keyed, message, to};

fn all() -> DeadLetters {
    let mut which = DeadLetters::default();
    which.all = true;
    which
}

fn names(letters: &[DeadLetter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.envelope.name.as_str()).collect()
}

async fn replay(trial: &Trial, letter: &DeadLetter) -> bool {
    trial.store().replay(letter.id, None).await.expect("a replay is answered")
}

async fn discard(trial: &Trial, letter: &DeadLetter) -> bool {
    trial.store().discard(letter.id).await.expect("a discard is answered")
}

pub(super) async fn a_dead_letter_says_what_is_known(trial: Trial) {
    let (delivery, before) = (keyed("a", "k"), ago(std::time::Duration::from_secs(60)));
    trial.keep([delivery.clone()]).await;
    trial.fail(&trial.claim_one("a").await, Outcome::Retry(std::time::Duration::ZERO), "contract.busy").await;
    let letter = trial.bury("a").await;
    assert_eq!(letter.target, TARGET, "where it was to go");
    assert_eq!(letter.envelope.id, delivery.envelope.id, "which message");
    assert_eq!(letter.envelope.key.as_deref(), Some("k"), "its key");
    assert_eq!(letter.envelope.body, delivery.envelope.body, "its body, byte for byte");
    assert_eq!(letter.reason, "a is hopeless", "why");
    assert_eq!((letter.attempts, letter.losses, letter.replays), (2, 0, 0), "attempts, losses, replays");
    assert_eq!(
        codes(&letter.failures),
        ["contract.busy", "contract.hopeless"],
        "what went wrong, oldest first"
    );
    assert_eq!((letter.state, letter.parked), (DeadLetterState::Open, false), "open, given up");
    let soon = Timestamp::now().checked_add(std::time::Duration::from_secs(60)).expect("it is near");
    assert!(before < letter.at && letter.at < soon, "it came here just now, not at {}", letter.at);
    trial.claim_nothing("a dead letter is not delivered").await;
}

pub(super) async fn a_replay_goes_first(trial: Trial) {
    let delivery = keyed("a", "k");
    trial.keep([delivery.clone(), keyed("b", "k")]).await;
    let letter = trial.bury("a").await;
    trial.keep([keyed("c", "k")]).await;
    assert!(replay(&trial, &letter).await, "it was open");
    let claimed = trial.claim_one("a").await;
    assert_eq!(claimed.delivery.envelope.id, delivery.envelope.id, "it is the same message");
    assert_eq!((claimed.attempts, claimed.losses), (1, 0), "it has a fresh budget");
    trial.done(&claimed).await;
    assert_eq!(trial.drain(TARGET).await, ["b", "c"], "the others of its key follow");
    assert!(trial.letters(DeadLetters::default()).await.is_empty(), "no dead letter is open");
    let letter = trial.letters(DeadLetters::one(letter.id)).await.remove(0);
    assert_eq!((letter.state, letter.replays), (DeadLetterState::Replayed, 1), "what has become of it");
    assert_eq!(codes(&letter.failures), ["contract.hopeless"], "its failures are kept");
    assert!(!replay(&trial, &letter).await, "what was replayed is not open");
    assert!(!discard(&trial, &letter).await, "nor can it be discarded");
}

pub(super) async fn a_replay_without_a_key_is_old(trial: Trial) {
    trial.keep([message("a"), message("b")]).await;
    let claimed = trial.claim(1).await.remove(0);
    trial.end(&claimed, Outcome::DeadLetter("no".into())).await;
    let letter = trial.letters(all()).await.remove(0);
    assert!(replay(&trial, &letter).await, "it was open");
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "it has its old place");
}

pub(super) async fn a_replay_may_mend_the_body(trial: Trial) {
    let mut delivery = keyed("a", "k");
    delivery.envelope.headers.insert("tenant", "acme");
    trial.keep([delivery.clone()]).await;
    let letter = trial.bury("a").await;
    let body = Some(r#"{"label":"mended"}"#.into());
    assert!(trial.store().replay(letter.id, body).await.expect("a replay is answered"), "it was open");
    let envelope = trial.claim_one("a").await.delivery.envelope;
    assert_eq!(envelope.body, r#"{"label":"mended"}"#, "the mended body");
    assert_eq!(envelope.id, delivery.envelope.id, "of the same message");
    assert_eq!(envelope.headers, delivery.envelope.headers, "with its headers");
    assert_eq!(envelope.key, delivery.envelope.key, "and its key");
}

pub(super) async fn a_replayed_message_may_die_again(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    for _ in 0..3 {
        let letter = trial.bury("a").await;
        assert_eq!(letter.state, DeadLetterState::Open, "it is open again");
        assert_eq!(letter.attempts, 1, "attempts since it was replayed");
        assert_eq!(trial.letters(DeadLetters::default()).await.len(), 1, "there is one open letter of it");
        trial.claim_nothing("its key is parked again").await;
        assert!(replay(&trial, &letter).await, "it was open");
    }
    assert_eq!(trial.drain(TARGET).await, ["a", "b"], "the key goes on in its order");
}

pub(super) async fn a_discard_lets_the_next_go(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k"), keyed("c", "k")]).await;
    let letter = trial.bury("a").await;
    assert!(discard(&trial, &letter).await, "it was open");
    trial.done(&trial.claim_one("b").await).await;
    assert_eq!(trial.drain(TARGET).await, ["c"], "the key goes on");
    let letter = trial.letters(DeadLetters::one(letter.id)).await.remove(0);
    assert_eq!(letter.state, DeadLetterState::Discarded, "what has become of it");
    assert!(!discard(&trial, &letter).await, "what was discarded is not open");
    assert!(!replay(&trial, &letter).await, "nor can it be replayed");
}

pub(super) async fn there_is_no_such_dead_letter(trial: Trial) {
    trial.keep([message("a")]).await;
    let unknown = DeadLetterId(trial.bury("a").await.id.0 + 1_000);
    assert!(!trial.store().replay(unknown, None).await.expect("a replay is answered"), "nothing is replayed");
    assert!(!trial.store().discard(unknown).await.expect("a discard is answered"), "nothing is discarded");
    assert!(trial.letters(DeadLetters::one(unknown)).await.is_empty(), "nothing is found");
    assert_eq!(trial.letters(all()).await.len(), 1, "the other is as it was");
}

pub(super) async fn dead_letters_are_found(trial: Trial) {
    for delivery in [message("a"), message("b"), to("other", &message("a"))] {
        trial.keep([delivery]).await;
        let claimed = trial.claim_of(&[(TARGET, 1), ("other", 1)]).await.remove(0);
        trial.end(&claimed, Outcome::DeadLetter("no".into())).await;
    }
    let every = trial.letters(DeadLetters::default()).await;
    assert_eq!(names(&every), ["a", "b", "a"], "all that are open, newest first");
    assert_eq!(every[0].target, "other", "the newest is first");
    assert_eq!(names(&trial.letters(DeadLetters::of(TARGET)).await), ["b", "a"], "those of a target");
    let mut of_message = DeadLetters::default();
    of_message.message = Some("a".to_owned());
    assert_eq!(trial.letters(of_message.clone()).await.len(), 2, "those of a message");
    of_message.target = Some("other".to_owned());
    assert_eq!(trial.letters(of_message).await.len(), 1, "those of a message and a target");
    assert_eq!(names(&trial.letters(DeadLetters::one(every[1].id)).await), ["b"], "one by its number");
    assert!(discard(&trial, &every[1]).await, "it was open");
    assert_eq!(names(&trial.letters(DeadLetters::default()).await), ["a", "a"], "open ones alone");
    assert_eq!(names(&trial.letters(all()).await), ["a", "b", "a"], "all, with what was discarded");
    assert_eq!(names(&trial.letters(DeadLetters::one(every[1].id)).await), ["b"], "one, whatever its state");
}

pub(super) async fn dead_letters_come_in_pages(trial: Trial) {
    let expected: Vec<_> = (0..120).map(|n| format!("m{n}")).collect();
    for label in &expected {
        trial.keep([message(label)]).await;
        trial.end(&trial.claim_one(label).await, Outcome::DeadLetter("no".into())).await;
    }
    assert_eq!(
        trial.letters(DeadLetters::default()).await.len(),
        100,
        "a page has 100, if not said otherwise"
    );
    let (mut seen, mut which) = (Vec::new(), DeadLetters::default());
    which.most = Some(50);
    loop {
        let page = trial.letters(which.clone()).await;
        let Some(last) = page.last() else { break };
        which.before = Some(last.id);
        assert!(seen.len() <= 120, "the next page begins where this one ends");
        assert!(page.len() <= 50, "a page has no more than was asked for, not {}", page.len());
        seen.extend(page.into_iter().map(|letter| letter.envelope.name));
    }
    seen.reverse();
    assert_eq!(seen, expected, "every letter is on one page, newest first");
}

pub(super) async fn a_replay_of_what_came_again_leaves_nothing_stuck(trial: Trial) {
    let delivery = keyed("a", "k");
    trial.keep([delivery.clone()]).await;
    let letter = trial.bury("a").await;
    trial.keep([delivery, keyed("b", "k")]).await;
    trial.claim_nothing("its key is parked").await;
    replay(&trial, &letter).await;
    let mut seen = trial.drain(TARGET).await;
    seen.dedup();
    assert_eq!(seen, ["a", "b"], "the message is delivered, and the key goes on");
    trial.empty("nothing is stuck").await;
}

pub(super) async fn one_of_many_decisions_counts(trial: Trial) {
    trial.keep([keyed("a", "k"), keyed("b", "k")]).await;
    let id = trial.bury("a").await.id;
    let deciding: Vec<_> = (0..20)
        .map(|n| {
            let store = trial.store().clone();
            tokio::spawn(async move {
                if n % 2 == 0 { store.replay(id, None).await } else { store.discard(id).await }
            })
        })
        .collect();
    let mut counted = Vec::new();
    for (n, one) in deciding.into_iter().enumerate() {
        if one.await.expect("it does not panic").expect("a decision is answered") {
            counted.push(n);
        }
    }
    assert_eq!(counted.len(), 1, "how many of 20 decisions on one letter counted");
    let expected = if counted[0] % 2 == 0 { vec!["a", "b"] } else { vec!["b"] };
    assert_eq!(trial.drain(TARGET).await, expected, "what follows from the one that counted");
}

pub(super) async fn a_dead_letter_of_a_scheduled_message_is_replayed_at_once(trial: Trial) {
    trial.keep([message("a").due(Some(ago(HOUR)))]).await;
    let letter = trial.bury("a").await;
    assert!(replay(&trial, &letter).await, "it was open");
    trial.claim_one("a").await;
}

fn burying(deliveries: impl IntoIterator<Item = Delivery>) -> Batch {
    let failure = || Failure::new(0, "contract.unreadable", "nobody can read it");
    let mut batch = Batch::default();
    batch.bury.extend(deliveries.into_iter().map(|one| Buried::new(one, failure())));
    batch
}

pub(super) async fn what_is_buried_is_a_dead_letter_at_once(trial: Trial) {
    let mut delivery = keyed("a", "k");
    delivery.envelope.headers.insert("tenant", "acme");
    delivery.envelope.body = vec![0, 159, 146, 150].into();
    let mut batch = burying([delivery.clone(), to("other", &delivery)]);
    batch.append = vec![message("b")];
    trial.commit(batch).await.expect("a burial is committed");
    let letter = trial.letters(DeadLetters::of(TARGET)).await.remove(0);
    assert_eq!((letter.target.as_str(), letter.state), (TARGET, DeadLetterState::Open), "open");
    assert_eq!(letter.envelope.id, delivery.envelope.id, "which message");
    assert_eq!(letter.envelope.body, delivery.envelope.body, "its body, byte for byte");
    assert_eq!(letter.envelope.headers, delivery.envelope.headers, "its headers");
    assert_eq!(letter.envelope.key.as_deref(), Some("k"), "its key, to be seen");
    assert_eq!(letter.reason, "nobody can read it", "why");
    assert_eq!(codes(&letter.failures), ["contract.unreadable"], "what went wrong");
    assert_eq!(
        (letter.attempts, letter.losses, letter.replays, letter.parked),
        (0, 0, 0, false),
        "never tried"
    );
    let depths = trial.depths().await;
    assert_eq!((depths[TARGET].dead, depths["other"].dead), (1, 1), "it is counted");
    assert_eq!(trial.drain(TARGET).await, ["b"], "it is not delivered");
}

pub(super) async fn what_is_buried_keeps_nothing_back(trial: Trial) {
    trial.keep([keyed("before", "k")]).await;
    trial.commit(burying([keyed("a", "k")])).await.expect("a burial is committed");
    trial.keep([keyed("b", "k"), keyed("c", "k")]).await;
    let before = trial.claim_one("before").await;
    let letter = trial.letters(DeadLetters::default()).await.remove(0);
    assert!(replay(&trial, &letter).await, "it was open");
    let again = trial.claim_one("a").await;
    trial.done(&before).await;
    trial.done(&trial.claim_one("b").await).await;
    trial.fail(&again, Outcome::DeadLetter("again".into()), "contract.again").await;
    assert_eq!(trial.drain(TARGET).await, ["c"], "nor when it is given up again");
}

pub(super) async fn what_is_buried_may_be_replayed(trial: Trial) {
    let delivery = message("a").due(Some(after(HOUR)));
    trial.commit(burying([delivery.clone(), message("b")])).await.expect("a burial is committed");
    trial.keep([message("c")]).await;
    let mut letters = trial.letters(DeadLetters::default()).await;
    assert_eq!(names(&letters), ["b", "a"], "newest first");
    assert!(discard(&trial, &letters[0]).await, "it was open");
    let letter = letters.remove(1);
    assert!(replay(&trial, &letter).await, "it was open");
    assert!(!replay(&trial, &letter).await, "and is no more");
    let claimed = trial.claim(9).await;
    assert_eq!(claimed.len(), 2, "the replay and what was there");
    let again = claimed.iter().find(|one| one.delivery.envelope.id == delivery.envelope.id);
    let again = again.expect("it is delivered under its old id");
    assert_eq!((again.attempts, again.losses), (1, 0), "with a fresh budget");
    for one in &claimed {
        trial.done(one).await;
    }
    trial.empty("all are done").await;
}

pub(super) async fn what_is_buried_again_is_one(trial: Trial) {
    let (one, other) = (message("a"), message("b"));
    trial.commit(burying([one.clone(), one.clone()])).await.expect("a burial is committed");
    trial.keep([other.clone()]).await;
    let mut batch = burying([one.clone(), other.clone()]);
    batch.append = vec![message("c")];
    trial.commit(batch).await.expect("what is known is ignored");
    let letter = trial.letters(all()).await.remove(0);
    assert_eq!(trial.letters(all()).await.len(), 1, "one dead letter; what waits is none");
    assert!(discard(&trial, &letter).await, "it was open");
    trial.commit(burying([one.clone()])).await.expect("what is known is ignored");
    assert_eq!(trial.letters(DeadLetters::default()).await.len(), 0, "what was decided stays so");
    trial.commit(burying([to("other", &one)])).await.expect("a burial is committed");
    assert_eq!(trial.letters(DeadLetters::default()).await.len(), 1, "of another target it is another");
    let burying: Vec<_> = (0..10)
        .map(|_| {
            let (store, batch) = (trial.store().clone(), burying([to("third", &one)]));
            tokio::spawn(async move { store.commit(batch).await })
        })
        .collect();
    for one in burying {
        one.await.expect("it does not panic").expect("a burial is committed");
    }
    assert_eq!(trial.letters(DeadLetters::of("third")).await.len(), 1, "of many at the same time one");
    assert_eq!(trial.drain(TARGET).await, ["b", "c"], "deliveries are as they were");
}

pub(super) async fn a_burial_is_part_of_its_batch(trial: Trial) {
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    let batch = || {
        let mut batch = burying([message("dead")]);
        batch.append = appending([message("b")]).append;
        batch.done = Some(claimed.claim);
        batch
    };
    trial.commit(batch()).await.expect("the claim is held");
    trial.commit(batch()).await.expect_err("the claim is no longer held");
    assert_eq!(names(&trial.letters(all()).await), ["dead"], "buried once");
    assert_eq!(trial.drain(TARGET).await, ["b"], "appended once");
}
