//! A full disk: nothing is acknowledged that is not kept, and it passes.

use anywise::{Kind, Outcome, Store};

use crate::support::{Folder, batch, claim, delivery, keep, number, settle};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_refuses_and_goes_on_when_there_is_room() {
    let folder = Folder::new();
    let store = folder.options().max_page_count(100).open().await.unwrap();
    let big = || {
        let mut one = delivery("t", None);
        one.envelope.body = vec![7_u8; 8 * 1024].into();
        one
    };
    let mut kept = 0;
    let error = loop {
        match store.commit(batch([big()])).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((error.code(), error.kind()), ("AW7005", Kind::Unavailable));
    assert_eq!(number(&store, "SELECT count(*) FROM aw_delivery").await, kept);
    // It can drain itself, and then takes more.
    let claimed = claim(&store).await;
    assert_eq!(i64::try_from(claimed.len()).unwrap(), kept);
    for one in claimed {
        assert!(settle(&store, one.claim, Outcome::Done(None)).await);
    }
    keep(&store, [big()]).await;
    let check: String =
        anywise_sql::sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&store.reader()).await.unwrap();
    assert_eq!(check, "ok");
}
