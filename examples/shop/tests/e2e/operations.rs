//! What an operator finds and does, over HTTP and on the command line.

use anywise::{App, Batch, Delivery, Envelope};
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE, Reply, Served};
use crate::home::{Home, on_each};
use crate::process::output;

const TARGET: &str = "shop_order::listeners::mark_paid";
const EVENT: &str = "payment.PaymentSettled";
const ROOT: &str = "/anywise/operations";

/// Puts an event into the store that its listener cannot read; answers with
/// its number as a dead letter.
async fn break_one(app: &App, client: &Client, order: &str) -> u64 {
    let mut event = Envelope::json(EVENT, json!({ "order_id": "<script>alert(1)</script>" }).to_string());
    event.key = Some(order.to_owned());
    let mut batch = Batch::default();
    batch.append = vec![Delivery::new(TARGET, event)];
    app.store().expect("it has one").commit(batch).await.expect("it is kept");
    app.settled().await;
    let data = client.get(&format!("{ROOT}.json")).await.expect(200);
    data["dead_letters"][0]["id"].as_u64().unwrap_or_else(|| panic!("no dead letter in {data}"))
}

/// Sends a form as a page of the shop would.
async fn order(client: &Client, path: &str, fields: &str, headers: &str) -> Reply {
    let host = client.address();
    let own = format!("host: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n{headers}");
    client.send(&format!("POST {ROOT}/{path}"), &own, fields).await
}

fn from_here(client: &Client) -> String {
    format!("origin: http://{}\r\nsec-fetch-site: same-origin\r\n", client.address())
}

async fn token(client: &Client) -> String {
    let data = client.get(&format!("{ROOT}.json")).await.expect(200);
    data["token"].as_str().expect("it is text").to_owned()
}

/// An order and a body that settles its payment.
async fn place(client: &Client) -> (String, String) {
    let line = json!({"sku": "tea", "quantity": 1, "unit_price_cents": 450});
    let order: Value = client.post("/orders", json!({"customer": "ann", "lines": [line]})).await.expect(201);
    let id = order["order_id"].as_str().expect("an id is text").to_owned();
    let body = json!({"order_id": id, "payment_id": id});
    (id, body.to_string())
}

#[tokio::test]
async fn a_dead_letter_is_seen_edited_and_delivered_again() {
    on_each(edited_and_delivered_again).await;
}

async fn edited_and_delivered_again(home: &Home) {
    let Served { client, app, .. } = &Served::start(home).await;
    let (order_id, body) = place(client).await;
    let id = break_one(app, client, &order_id).await;

    let list = client.get(ROOT).await;
    assert_eq!(list.status, 200);
    assert!(list.text.contains(&format!("operations/{id}")) && !list.text.contains("<script>alert"));
    let page = client.get(&format!("{ROOT}/{id}")).await;
    assert!(page.text.contains("AW1010") && !page.text.contains("<script>alert"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));

    let (token, own) = (token(client).await, from_here(client));
    let unread = order(client, &format!("{id}/replay"), &format!("token={token}&body=%7B"), &own).await;
    assert_eq!((unread.status, unread.header("location")), (303, &*format!("{ROOT}/{id}?not-json={id}")));
    let body = body.replace('"', "%22");
    let done = order(client, &format!("{id}/replay"), &format!("token={token}&body={body}"), &own).await;
    assert_eq!((done.status, done.header("location")), (303, &*format!("{ROOT}?replayed={id}")));
    assert!(client.get(&format!("{ROOT}?replayed={id}")).await.text.contains("is a delivery again"));
    client.eventually(&format!("/orders/{order_id}"), |order| order["status"] != "pending").await;

    let again = order(client, &format!("{id}/discard"), &format!("token={token}"), &own).await;
    assert_eq!(again.header("location"), format!("{ROOT}?gone={id}"));
}

#[tokio::test]
async fn strangers_are_refused() {
    let home = Home::sqlite();
    let Served { client, app, .. } = &Served::start(&home).await;
    let id = break_one(app, client, "o-1").await;
    let (token, own) = (format!("token={}", token(client).await), from_here(client));
    let path = format!("{id}/replay");

    for host in ["evil.example", "localhost.evil.example", "192.168.1.7:3000"] {
        for page in [ROOT, &format!("{ROOT}.json"), &format!("{ROOT}/{id}")] {
            let answer = client.send(&format!("GET {page}"), &format!("host: {host}\r\n"), "").await;
            answer.problem(403, "operations.refused");
        }
    }
    let proxied = "host: localhost\r\nx-forwarded-for: 10.0.0.1\r\n";
    client.send(&format!("GET {ROOT}"), proxied, "").await.problem(403, "operations.refused");

    for headers in
        ["", "origin: null\r\n", "origin: http://evil.example\r\n", "sec-fetch-site: cross-site\r\n"]
    {
        order(client, &path, &token, headers).await.problem(403, "operations.refused");
    }
    for fields in ["", "token=", "token=0", &token[..token.len() - 1], "body=1"] {
        order(client, &path, fields, &own).await.problem(403, "operations.refused");
    }
    let as_json = format!("host: {}\r\ncontent-type: text/plain\r\n{own}", client.address());
    client.send(&format!("POST {ROOT}/{path}"), &as_json, &token).await.problem(415, "AW1020");
    client.get(&format!("{ROOT}/{path}")).await.problem(405, "AW1023");
    client.get(&format!("{ROOT}/999999")).await.problem(404, "operations.no_dead_letter");
    client.get(&format!("{ROOT}/%3Cscript%3E")).await.problem(404, "operations.no_dead_letter");
    let letter = client.get(&format!("{ROOT}.json?id={id}")).await.expect(200);
    assert_eq!(letter["state"], "open", "nothing has happened to it");
}

#[tokio::test]
async fn the_command_line_asks_the_shop_that_runs() {
    let home = Home::sqlite();
    let Served { client, app, .. } = &Served::start(&home).await;
    let (order_id, body) = place(client).await;
    let id = break_one(app, client, &order_id).await.to_string();
    let port = client.address().port().to_string();
    let run = async |arguments: &[&str]| {
        let (output, text) = output(&[arguments, &["--port", &port]].concat()).await;
        (output.status.success(), text)
    };
    let check = async |arguments: &[&str], parts: &[&str]| {
        let (succeeded, text) = run(arguments).await;
        assert!(succeeded && parts.iter().all(|part| text.contains(part)), "{arguments:?}: {text}");
    };
    check(&["dlq", "list"], &[EVENT, TARGET, "AW1010"]).await;
    check(&["dlq", "keys"], &[&order_id, TARGET, &id]).await;
    check(&["dlq", "show", &id], &["\"failures\"", "AW1010", "order_id"]).await;
    check(&["depth"], &[TARGET, "oldest_ms"]).await;

    let file = std::env::temp_dir().join(format!("shop-{}-body.json", std::process::id()));
    std::fs::write(&file, body).expect("it can be written");
    check(&["dlq", "replay", &id, "--body", &file.to_string_lossy()], &["is a delivery again"]).await;
    std::fs::remove_file(&file).expect("it is there");
    client.eventually(&format!("/orders/{order_id}"), |order| order["status"] != "pending").await;

    let (succeeded, text) = run(&["dlq", "discard", &id]).await;
    assert!(!succeeded && text.contains("no open dead letter"), "{text}");
    let other = break_one(app, client, "o-2").await.to_string();
    check(&["dlq", "discard", &other], &["given up for good"]).await;
    let (succeeded, text) = run(&["dlq", "show", "999999"]).await;
    assert!(!succeeded && text.contains("there is no dead letter"), "{text}");
}

#[tokio::test]
async fn the_command_line_opens_the_store_of_a_shop_that_does_not_run() {
    on_each(async |home| {
        let Served { client, app, .. } = Served::start(home).await;
        let id = break_one(&app, &client, "o-1").await.to_string();
        app.stop(PATIENCE).await;
        let [flag, place] = home.arguments();
        let check = async |arguments: &[&str], expected: bool, part: &str| {
            let (output, text) = output(&[arguments, &["--port", "1", &flag, &place]].concat()).await;
            assert!(output.status.success() == expected && text.contains(part), "{arguments:?}: {text}");
        };
        check(&["dlq", "list"], true, EVENT).await;
        check(&["dlq", "show", &id], true, "AW1010").await;
        check(&["depth"], true, TARGET).await;
        check(&["dlq", "discard", &id], true, "given up for good").await;
        check(&["dlq", "discard", &id], false, "no open dead letter").await;
    })
    .await;
}
