//! From requests to messages, and from replies to responses.

use anywise_axum::Limits;
use serde_json::json;

use crate::shop;

#[tokio::test]
async fn a_body_becomes_the_message_and_the_reply_the_response() {
    let (server, _) = shop::start(Limits::default()).await;
    let reply = server.json("POST /orders", r#"{"a": 7, "lines": [{"sku": "tea", "quantity": 2}]}"#).await;
    assert_eq!((reply.status, reply.json()), (201, json!({"order_id": "o/7"})));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("location"), Some("/orders/o%2f7"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn path_and_query_become_fields() {
    let (server, _) = shop::start(Limits::default()).await;
    for (line, text) in [
        ("GET /orders/7", "7 None [] false"),
        ("GET /orders/7?", "7 None [] false"),
        ("GET /orders/7?limit=3&tags=a&tags=b%20c&deep=true", "7 Some(3) [\"a\", \"b c\"] true"),
        ("GET /orders/7?order_id=7", "7 None [] false"),
    ] {
        assert_eq!(server.get(line, "").await.json(), text, "{line}");
    }
    assert_eq!(server.json("PUT /stock/t%2Fea", r#"{"on_hand": 3}"#).await.json(), "t/ea 3");
    assert_eq!(server.json("PUT /stock/tea?on_hand=3", "{}").await.json(), "tea 3");
    assert_eq!(server.json("PUT /stock/tea", r#"{"on_hand": 3, "sku": "tea"}"#).await.json(), "tea 3");
}

#[tokio::test]
async fn what_does_not_fit_is_said_of_the_parameter() {
    let (server, _) = shop::start(Limits::default()).await;
    for (line, pointer) in [
        ("GET /orders/x", "path.order_id"),
        ("GET /orders/-1", "path.order_id"),
        ("GET /orders/%ff", "path.order_id"),
        ("GET /orders/7?limit=x", "query.limit"),
        ("GET /orders/7?limit=256", "query.limit"),
        ("GET /orders/7?limit=1&limit=1", "query.limit"),
        ("GET /orders/7?order_id=8", "query.order_id"),
        ("GET /orders/7?nope=1", "query.nope"),
        ("GET /orders/7?tags=%zz", "query.tags"),
    ] {
        let problem = server.get(line, "").await.expect_problem(400, "AW1024");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{line}: {problem}");
    }
    let reply = server.json("PUT /stock/tea", r#"{"on_hand": 3, "sku": "coffee"}"#).await;
    assert_eq!(reply.expect_problem(400, "AW1024")["errors"][0]["pointer"], "path.sku");
    let reply = server.json("PUT /stock/tea", r#"{"on_hand": -3}"#).await;
    assert_eq!(reply.expect_problem(422, "AW1013")["errors"][0]["pointer"], "/on_hand");
    let reply = server.json("PUT /stock/tea", "[1]").await;
    reply.expect_problem(422, "AW1015");
    let reply = server.json("PUT /stock/tea", "").await;
    assert_eq!(reply.expect_problem(422, "AW1010")["errors"][0]["pointer"], "/on_hand");
}

#[tokio::test]
async fn a_unit_reply_has_no_body() {
    let (server, _) = shop::start(Limits::default()).await;
    let mut client = server.client().await;
    for request in [
        "POST /ping HTTP/1.1\r\nhost: x\r\n\r\n",
        "DELETE /orders/1 HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST /ping HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        client.send(request).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{request}");
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let (server, _) = shop::start(Limits::default()).await;
    let mut client = server.client().await;
    client.send("HEAD /orders/7 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let reply = client.reply_to("HEAD").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    client.send("HEAD /orders/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.reply_to("HEAD").await.status, 400);
}

#[tokio::test]
async fn headers_reach_the_context_and_reserved_ones_do_not() {
    let (server, _) = shop::start(Limits::default()).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = format!(
        "Tenant: acme\r\naw-principal: root\r\nAW_x: y\r\nX-Request-Id: r-1\r\ntraceparent: {trace}\r\n"
    );
    let reply = server.get("GET /context", &headers).await;
    let expected = json!([
        "host: x",
        "tenant: acme",
        "x-request-id: r-1",
        format!("traceparent: {trace}"),
        "r-1",
        trace
    ]);
    assert_eq!(reply.json(), expected);
    assert_eq!(reply.header("x-request-id"), Some("r-1"));
    assert_eq!(reply.header("cache-control"), None);
    let reply = server.get("GET /context", "authorization: Bearer x\r\n").await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn errors_of_handlers_are_problems() {
    let (server, _) = shop::start(Limits::default()).await;
    let problem = server
        .get("DELETE /orders/404", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n")
        .await;
    let problem = problem.expect_problem(404, "order.not_found");
    assert_eq!(problem["detail"], "there is no order 404");
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    for (how, status, code, header) in [
        ("x", 500, "AW1500", None),
        ("busy", 503, "AW1121", Some(("retry-after", "1"))),
        ("often", 429, "AW1120", Some(("retry-after", "7"))),
        ("who", 401, "AW1101", Some(("www-authenticate", "bearer"))),
    ] {
        let reply = server.json("POST /fail", &format!(r#"{{"how": "{how}"}}"#)).await;
        let problem = reply.expect_problem(status, code);
        assert!(!problem.to_string().contains("secret"), "{problem}");
        if let Some((name, value)) = header {
            assert_eq!(reply.header(name), Some(value));
        }
    }
}
