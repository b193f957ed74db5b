//! What the program is told on its command line, and what it says.

use serde_json::{Value, json};
use shop::Scratch;

use crate::home::{Home, on_each};
use crate::process::{Process, output};

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    on_each(async |home| {
        let shop = Process::serve(home).await;
        let client = shop.client;
        client.put("/stock/tea", json!({"on_hand": 1})).await.expect(200);
        let line = json!({"sku": "tea", "quantity": 1, "unit_price_cents": 450});
        let order = json!({"customer": "ann", "lines": [line]});
        let order: Value = client.post("/orders", order).await.expect(201);
        let payment = json!({"order_id": order["order_id"], "amount_cents": 450, "card": "tok_visa"});
        client.post("/payments", payment).await.expect(201);
        let path = format!("/orders/{}", order["order_id"].as_str().expect("an id is text"));
        client.eventually(&path, |order| order["status"] == "confirmed").await;
        assert_eq!(client.get("/anywise/").await.status, 200);

        let status = shop.stop().await;
        assert!(status.success(), "{status}");
    })
    .await;
}

#[tokio::test]
async fn it_writes_its_pages() {
    let out = Scratch::new();
    let (output, text) = output(&["docs", "--out", &out.path().to_string_lossy()]).await;
    assert!(output.status.success(), "{text}");
    for file in ["site/index.html", "markdown/README.md", "catalog.json"] {
        assert!(out.path().join(file).is_file(), "{file} is missing: {text}");
    }
}

#[tokio::test]
async fn it_prints_what_it_is_made_of() {
    let (output, text) = output(&["inspect", "--slices", "notification"]).await;
    assert!(output.status.success(), "{text}");
    assert!(text.contains("notification.ListNotifications"), "{text}");
}

#[tokio::test]
async fn it_says_what_is_wrong_with_its_command_line() {
    let scratch = Scratch::new();
    let data = scratch.path().to_string_lossy();
    let check = async |arguments: &[&str], part: &str| {
        let (output, text) = output(&[arguments, &["--data", &data]].concat()).await;
        assert!(!output.status.success() && text.contains(part), "{arguments:?}: {text}");
    };
    check(&["--slices", "odrer"], "order, payment, inventory, notification").await;
    #[cfg(feature = "nats")]
    check(&["--nats", "nats://["], "is no address").await;
    #[cfg(not(feature = "kafka"))]
    check(&["--kafka", "127.0.0.1:1"], "build it with `--features kafka`").await;
    check(&["--slices", "payment"], "add the slice `order` to this process").await;
    check(&["--log", "shop=loud"], "--log").await;
    check(&["docs"], "--out").await;
    check(&["dlq", "show", "first"], "invalid digit").await;
    check(&["--postgres", "nonsense"], "--postgres").await;
}

#[tokio::test]
async fn it_says_which_database_it_cannot_reach() {
    let (output, text) = output(&["--postgres", "postgres://ann:secret@127.0.0.1:1/shop"]).await;
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("--postgres") && text.contains("AW7004"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_second_one_is_told_that_the_data_is_taken() {
    let home = Home::sqlite();
    let first = Process::serve(&home).await;
    let [flag, folder] = home.arguments();
    let (output, text) = output(&["--port", "0", &flag, &folder]).await;
    assert!(!output.status.success() && text.contains("AW7002") && text.contains(&folder), "{text}");
    assert!(first.stop().await.success());

    let third = Process::serve(&home).await;
    assert_eq!(third.client.get("/readyz").await.status, 200, "it is free again");
    drop(third);
    home.leave().await;
}
