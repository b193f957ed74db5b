//! A panic is an answer, not a lost connection.

use anywise_axum::Limits;
use axum::Router;
use axum::routing::get;

use crate::client::Server;

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_goes_on() {
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/panic", get(async || -> () { panic!("the secret reason") }));
    let server = Server::start(router, Limits::default()).await;
    let mut client = server.client().await;
    client.send("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let problem = client.reply().await.expect_problem(500, "AW1500");
    assert!(!problem.to_string().contains("secret"), "{problem}");
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(client.reply().await.body, b"hello");
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_however_late() {
    let (server, _) = crate::shop::start(Limits::default()).await;
    for how in ["panic", "late panic"] {
        let reply = server.json("POST /fail", &format!(r#"{{"how": "{how}"}}"#)).await;
        let problem = reply.expect_problem(500, "AW1500");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}
