//! The contract over HTTP, row by row.

use serde_json::{Value, json};

use crate::client::{Client, Served};
use crate::home::on_each;

fn order(customer: &str, sku: &str, quantity: u32) -> Value {
    json!({"customer": customer, "lines": [{"sku": sku, "quantity": quantity, "unit_price_cents": 450}]})
}

async fn place(client: Client, customer: &str, sku: &str, quantity: u32) -> String {
    let placed = client.post("/orders", order(customer, sku, quantity)).await.expect(201);
    text(&placed, "order_id")
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {body}")).to_owned()
}

fn payment(order: &str, amount: i64, card: &str) -> Value {
    json!({"order_id": order, "amount_cents": amount, "card": card})
}

/// The texts a customer was sent, with an ellipsis for the order.
async fn told(client: Client, customer: &str, order: &str) -> Vec<String> {
    let all = client.get(&format!("/notifications?customer={customer}")).await.expect(200);
    let all = all.as_array().expect("a list").iter();
    all.map(|one| text(one, "text").replace(order, "…")).collect()
}

#[tokio::test]
async fn a_placed_order_can_be_looked_at() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let placed = client.post("/orders", order("ann", "tea", 2)).await;
        let body = placed.expect(201);
        let id = text(&body, "order_id");
        assert_eq!(body, json!({"order_id": id}));
        assert_eq!(placed.header("location"), format!("/orders/{id}"));
        assert_eq!((id.len(), &id[14..15]), (36, "7"), "{id} is a UUID of version 7");

        let lines = json!([{"sku": "tea", "quantity": 2, "unit_price_cents": 450}]);
        let expected = json!({
            "order_id": id, "customer": "ann", "status": "pending", "total_cents": 900, "lines": lines,
            "payment_id": null,
        });
        assert_eq!(client.get(&format!("/orders/{id}")).await.expect(200), expected);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        client.get("/orders/nope").await.problem(404, "order.not_found");
        client.get("/payments/nope").await.problem(404, "payment.not_found");
        client.get("/stock/nope").await.problem(404, "inventory.unknown_sku");
        client.post("/payments", payment("nope", 1, "tok_visa")).await.problem(404, "order.not_found");
    })
    .await;
}

#[tokio::test]
async fn a_bad_order_is_422_and_names_its_fields() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let check = async |body: Value, pointers: &[&str]| {
            let problem = client.post("/orders", body).await.problem(422, "order.invalid");
            let errors = problem["errors"].as_array().expect("a list of fields").iter();
            assert_eq!(errors.map(|error| text(error, "pointer")).collect::<Vec<_>>(), pointers);
        };
        check(order("", "tea", 1), &["/customer"]).await;
        check(order("ann", "tea", 0), &["/lines/0/quantity"]).await;
        check(order("ann", "", 1), &["/lines/0/sku"]).await;
        check(json!({"customer": " ", "lines": []}), &["/customer", "/lines"]).await;
        let line = |price: i64| json!({"sku": "tea", "quantity": 3, "unit_price_cents": price});
        check(json!({"customer": "ann", "lines": [line(1), line(-1)]}), &["/lines/1/unit_price_cents"]).await;
        check(json!({"customer": "ann", "lines": [line(i64::MAX)]}), &["/lines"]).await;

        let unreadable = [
            json!({"customer": "ann"}),
            json!({"customer": "ann", "lines": [{"sku": "tea", "quantity": -1, "unit_price_cents": 1}]}),
            json!({"customer": "ann", "lines": [{"sku": "tea", "quantity": 1, "unit_price_cents": 1.5}]}),
            json!({"customer": "ann", "lines": [], "coupon": "x"}),
            json!({"customer": "ann", "lines": [{"sku": "tea", "quantity": 1, "unit_price_cents": 1, "x": 1}]}),
        ];
        for body in unreadable {
            let reply = client.post("/orders", body).await;
            assert!(matches!(reply.status, 400 | 422), "{reply:?}");
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_with_stock_is_confirmed() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        client.put("/stock/tea", json!({"on_hand": 10})).await.expect(200);
        let id = place(*client, "ann", "tea", 2).await;

        let paid = client.post("/payments", payment(&id, 900, "tok_visa")).await;
        let body = paid.expect(201);
        let receipt = text(&body, "payment_id");
        assert_eq!(body, json!({"payment_id": receipt, "status": "settled"}));
        assert_eq!(paid.header("location"), format!("/payments/{receipt}"));
        let expected =
            json!({"payment_id": receipt, "order_id": id, "amount_cents": 900, "status": "settled"});
        assert_eq!(client.get(&format!("/payments/{receipt}")).await.expect(200), expected);

        let order = client.eventually(&format!("/orders/{id}"), |order| order["status"] == "confirmed").await;
        assert_eq!(order["payment_id"], receipt);
        let stock = client.get("/stock/tea").await.expect(200);
        assert_eq!(stock, json!({"sku": "tea", "on_hand": 10, "reserved": 2}));
        let notes = client.eventually("/notifications?customer=ann", |notes| notes[0].is_object()).await;
        assert_eq!(notes, json!([{"at": notes[0]["at"], "text": format!("Order {id} is confirmed")}]));
        assert!(text(&notes[0], "at").ends_with('Z'), "{notes}");
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_without_stock_is_refunded_and_cancelled() {
    on_each(async |home| {
        let Served { client, app, .. } = &Served::start(home).await;
        client.put("/stock/tea", json!({"on_hand": 1})).await.expect(200);
        for (customer, sku) in [("bob", "tea"), ("cleo", "never-heard-of")] {
            let id = place(*client, customer, sku, 2).await;
            let paid = client.post("/payments", payment(&id, 900, "tok_visa")).await.expect(201);
            let receipt = format!("/payments/{}", text(&paid, "payment_id"));

            client.eventually(&format!("/orders/{id}"), |order| order["status"] == "cancelled").await;
            assert_eq!(client.get(&receipt).await.expect(200)["status"], "refunded");
            app.settled().await;
            assert_eq!(told(*client, customer, &id).await, ["Order … is cancelled"]);
            let again = client.post("/payments", payment(&id, 900, "tok_visa")).await;
            again.problem(409, "payment.already_paid");
        }
        assert_eq!(client.get("/stock/tea").await.expect(200)["reserved"], 0);
    })
    .await;
}

#[tokio::test]
async fn payments_that_cannot_be_made_change_nothing() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let id = place(*client, "ann", "tea", 2).await;
        let check = async |amount, card, status, code| {
            client.post("/payments", payment(&id, amount, card)).await.problem(status, code)
        };
        check(900, "tok_declined", 402, "payment.declined").await;
        check(899, "tok_visa", 409, "payment.amount_mismatch").await;
        let problem = check(-900, "tok_visa", 422, "payment.invalid").await;
        assert_eq!(problem["errors"][0]["pointer"], "/amount_cents");
        let problem = check(900, "4111111111111111", 422, "payment.invalid").await;
        assert_eq!(problem["errors"][0]["pointer"], "/card");
        assert_eq!(client.get(&format!("/orders/{id}")).await.expect(200)["status"], "pending");

        client.post("/payments", payment(&id, 900, "tok_visa")).await.expect(201);
        check(900, "tok_visa", 409, "payment.already_paid").await;
    })
    .await;
}

#[tokio::test]
async fn stock_is_counted() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let level = |on_hand: u32| json!({"sku": "tea", "on_hand": on_hand, "reserved": 0});
        assert_eq!(client.put("/stock/tea", json!({"on_hand": 10})).await.expect(200), level(10));
        assert_eq!(client.put("/stock/tea", json!({"on_hand": 3})).await.expect(200), level(3));
        assert_eq!(client.get("/stock/tea").await.expect(200), level(3));

        let id = place(*client, "ann", "tea", 2).await;
        client.post("/payments", payment(&id, 900, "tok_visa")).await.expect(201);
        client.eventually("/stock/tea", |stock| stock["reserved"] == 2).await;
        client.put("/stock/tea", json!({"on_hand": 1})).await.problem(409, "inventory.below_reserved");
        client.put("/stock/a%20b", json!({"on_hand": 1})).await.problem(422, "inventory.invalid");
    })
    .await;
}

#[tokio::test]
async fn nobody_was_told_anything_yet() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        assert_eq!(client.get("/notifications?customer=nobody").await.expect(200), json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_checkout_goes_through_or_leaves_nothing_behind() {
    on_each(async |home| {
        let Served { client, app, .. } = &Served::start(home).await;
        client.put("/stock/tea", json!({"on_hand": 3})).await.expect(200);
        let checkout = async |customer, quantity, card| {
            let mut body = order(customer, "tea", quantity);
            body["card"] = Value::from(card);
            client.post("/checkouts", body).await
        };

        let done = checkout("ann", 2, "tok_visa").await;
        let body = done.expect(201);
        let (id, receipt) = (text(&body, "order_id"), text(&body, "payment_id"));
        assert_eq!(body, json!({"order_id": id, "payment_id": receipt}));
        assert_eq!(done.header("location"), format!("/orders/{id}"));
        let order = client.get(&format!("/orders/{id}")).await.expect(200);
        assert_eq!((&order["status"], &order["payment_id"]), (&"confirmed".into(), &receipt.clone().into()));

        checkout("bob", 1, "tok_declined").await.problem(402, "payment.declined");
        checkout("bob", 2, "tok_visa").await.problem(409, "inventory.short");
        checkout("bob", 0, "tok_visa").await.problem(422, "order.invalid");
        checkout("bob", 1, "4111").await.problem(422, "payment.invalid");
        app.settled().await;
        assert_eq!(client.get("/stock/tea").await.expect(200)["reserved"], 2);
        assert_eq!(told(*client, "ann", &id).await, ["Order … is confirmed"]);
        let bob = client.get("/notifications?customer=bob").await.expect(200);
        let texts: Vec<_> = bob.as_array().expect("a list").iter().map(|note| text(note, "text")).collect();
        assert!(texts.len() == 2 && texts.iter().all(|text| text.ends_with("is cancelled")), "{texts:?}");
        assert_eq!(client.get(&format!("/payments/{receipt}")).await.expect(200)["status"], "settled");
    })
    .await;
}

#[tokio::test]
async fn probes_answer() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        for path in ["/livez", "/readyz"] {
            let reply = client.get(path).await;
            assert_eq!((reply.status, reply.text.as_str()), (200, "ok"));
        }
    })
    .await;
}

#[tokio::test]
async fn pages_are_served_from_memory() {
    on_each(async |home| {
        let Served { client, .. } = &Served::start(home).await;
        let moved = client.get("/anywise").await;
        assert_eq!((moved.status, moved.header("location")), (308, "/anywise/"));
        let home = client.get("/anywise/").await;
        assert_eq!((home.status, home.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(home.header("content-security-policy").contains("default-src"), "{home:?}");
        let page = client.get("/anywise/messages/payment.PaymentSettled.html").await;
        assert!(page.status == 200 && page.text.contains("mark_paid"), "{page:?}");
        let catalog = client.get("/anywise/catalog.json").await.expect(200);
        assert_eq!(catalog["application"], "shop");
        client.get("/anywise/nope.html").await.problem(404, "AW1022");
    })
    .await;
}
