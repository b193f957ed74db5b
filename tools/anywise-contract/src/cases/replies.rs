//! A request that comes again is answered as it was.

use anywise_core::{Kind, Memory, Outcome};

use crate::trial::{TARGET, Trial, message, remembering, reply, to};

pub(super) async fn a_reply_is_remembered(trial: Trial) {
    let memory = Memory::new("contract.Ask", Some("ann"), "k");
    assert_eq!(trial.recall(&memory).await, None, "nobody has asked yet");
    let mut batch = remembering(&memory, r#"{"n":1}"#);
    batch.append = vec![message("a")];
    trial.commit(batch).await.expect("it is the first");
    assert_eq!(
        trial.recall(&memory).await,
        Some(reply(&memory, r#"{"n":1}"#)),
        "request, fingerprint, reply, type"
    );
    trial.claim_one("a").await;
}

pub(super) async fn any_bytes_may_be_a_reply(trial: Trial) {
    for (key, bytes) in
        [("none", Vec::new()), ("all", (0..=255).collect()), ("schlüssel \u{1f511} '\"\\", vec![0; 9])]
    {
        let memory = Memory::new("contract.Ask", None, key);
        let mut expected = reply(&memory, "");
        expected.reply = bytes.into();
        let mut batch = remembering(&memory, "");
        batch.remember = Some(expected.clone());
        trial.commit(batch).await.expect("it is the first");
        assert_eq!(trial.recall(&memory).await, Some(expected), "byte for byte");
    }
}

pub(super) async fn a_reply_is_remembered_once(trial: Trial) {
    let memory = Memory::new("contract.Ask", None, "k");
    trial.commit(remembering(&memory, "first")).await.expect("it is the first");
    trial.keep([message("a")]).await;
    let claimed = trial.claim_one("a").await;
    let mut batch = remembering(&memory, "second");
    batch.append = vec![to("other", &message("b"))];
    batch.done = Some(claimed.claim);
    let error = trial.commit(batch).await.expect_err("it is remembered already");
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "AW1042"), "the request was answered: {error}");
    assert_eq!(trial.recall(&memory).await, Some(reply(&memory, "first")), "the first reply stays");
    assert!(trial.claim_of(&[("other", 9)]).await.is_empty(), "nothing of the batch is delivered");
    trial.end(&claimed, Outcome::Done(None)).await;
    assert_eq!(trial.drain(TARGET).await, [""; 0], "the claim was still held");
}

pub(super) async fn the_key_of_another_is_another(trial: Trial) {
    let memories = [
        Memory::new("contract.Ask", None, "k"),
        Memory::new("contract.Ask", Some("ann"), "k"),
        Memory::new("contract.Ask", Some("bob"), "k"),
        Memory::new("contract.Ask", Some("bob"), "K"),
        Memory::new("contract.Tell", Some("bob"), "k"),
    ];
    for (n, memory) in memories.iter().enumerate() {
        trial.commit(remembering(memory, &n.to_string())).await.expect("each is another request");
    }
    for (n, memory) in memories.iter().enumerate() {
        assert_eq!(trial.recall(memory).await, Some(reply(memory, &n.to_string())), "each has its own reply");
    }
}

pub(super) async fn one_of_many_equal_requests_is_kept(trial: Trial) {
    let companion = trial.companion().await;
    let memory = Memory::new("contract.Ask", None, "k");
    let asking: Vec<_> = (0..20)
        .map(|n| {
            let store = if n % 2 == 0 { trial.store() } else { companion.store() }.clone();
            let mut batch = remembering(&memory, &n.to_string());
            batch.append = vec![message(&format!("m{n}"))];
            tokio::spawn(async move { store.commit(batch).await })
        })
        .collect();
    let mut kept = Vec::new();
    for (n, one) in asking.into_iter().enumerate() {
        match one.await.expect("it does not panic") {
            Ok(()) => kept.push(n),
            Err(error) => assert_eq!(error.code(), "AW1042", "the others were late: {error}"),
        }
    }
    assert_eq!(kept.len(), 1, "how many of 20 equal requests were kept");
    assert_eq!(trial.recall(&memory).await, Some(reply(&memory, &kept[0].to_string())), "its reply");
    assert_eq!(trial.drain(TARGET).await, [format!("m{}", kept[0])], "its delivery, and no other");
}
