//! Slices of two crates in one application, and a name that is not `anywise`.

use any::prelude::*;
use anywise_test_renamed::{Add, Sum};
use anywise_test_strict::{Count, Greet, GreetAll};

#[tokio::test]
async fn named_slices_are_linked_and_meet_through_messages() {
    let app = App::builder()
        .slices([anywise_test_renamed::SLICE, anywise_test_strict::SLICE])
        .build()
        .await
        .expect("the wiring is right");
    assert_eq!(app.send(Add { a: 1, b: 2 }).await.unwrap(), Sum { value: 3 });
    assert_eq!(app.send(Add { a: u32::MAX, b: 2 }).await.unwrap_err().code(), "renamed.overflow");

    assert_eq!(app.send(Greet { name: "ann".into(), times: 1 }).await.unwrap().text, "Hello, ann!");
    assert_eq!(app.send(GreetAll).await.unwrap().text, "Hello, all!");
    app.settled().await;
    assert_eq!(app.send(Count).await.unwrap(), 2);
    assert_eq!(app.send(Greet { name: String::new(), times: 1 }).await.unwrap_err().code(), "strict.empty");
}

#[tokio::test]
async fn a_slice_that_is_not_named_does_not_run() {
    let app = App::builder().slices([anywise_test_renamed::SLICE]).build().await.unwrap();
    assert_eq!(app.send(GreetAll).await.unwrap_err().code(), "AW4006");
    assert!(app.catalog().functions.iter().all(|function| function.slice == "renamed"));
}
