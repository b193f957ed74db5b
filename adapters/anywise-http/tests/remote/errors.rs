//! Errors are the same there and back.

use anywise::prelude::*;

use crate::desk::{self, DeskError, Fail};

#[tokio::test]
async fn an_error_is_the_one_the_handler_gave() {
    let (app, _server, requests) = desk::start().await;
    let kinds = Kind::ALL.iter().map(|kind| kind.name());
    let ways = ["taken", "broken", "detail", "finer", "slow", "fields", "unknown", "foreign"];
    for how in kinds.chain(ways) {
        let message = Fail { how: how.into() };
        let here = app.send(message.clone()).await.unwrap_err();
        let far = requests.send(message).await.unwrap_err();
        assert_eq!(
            (far.kind(), far.status(), far.code()),
            (here.kind(), here.status(), here.code()),
            "{how}"
        );
        assert_eq!((far.detail(), far.fields()), (here.detail(), here.fields()), "{how}");
        assert_eq!(far.retry_after(), here.retry_after(), "{how}");
        assert_eq!(far.downcast_ref::<DeskError>(), here.downcast_ref::<DeskError>(), "{how}");
        assert_eq!(far.is_unknown_outcome(), here.is_unknown_outcome(), "{how}");
    }
}

#[tokio::test]
async fn a_declared_error_is_given_back() {
    let (_app, _server, requests) = desk::start().await;
    let error = requests.send(Fail { how: "taken".into() }).await.unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&desk::taken()));
    assert_eq!((error.message(), error.detail()), ("taken until 9", Some("come later")));
    let error = requests.send(Fail { how: "broken".into() }).await.unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&DeskError::Broken(3)));
}

#[tokio::test]
async fn a_panic_there_is_an_internal_error_here() {
    let (_app, _server, requests) = desk::start().await;
    let error = requests.send(Fail { how: "panic".into() }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "AW1500"));
}

#[tokio::test]
async fn the_words_for_the_log_do_not_cross() {
    let (_app, _server, requests) = desk::start().await;
    for how in ["internal", "detail", "foreign"] {
        let error = requests.send(Fail { how: how.into() }).await.unwrap_err();
        assert!(
            !error.message().contains("secret") && !error.message().contains("words for the log"),
            "{error}"
        );
    }
}
