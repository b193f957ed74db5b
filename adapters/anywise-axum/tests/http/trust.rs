//! What processes of ours may say and do, and strangers may not.

use anywise::prelude::*;
use anywise_axum::{Http, Trust};
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Server, Serving};

anywise::slice!(SLICE = "vault", "Keeps things for its own.");

/// Has no route.
#[query(reply = Vec<String>, aliases("vault.WhoIsIt"))]
struct WhoAsks {
    #[serde(default)]
    fail: bool,
}

#[handler]
fn who_asks(query: WhoAsks, context: Context, who: Option<Principal>) -> Result<Vec<String>, Closed> {
    if query.fail {
        return Err(Closed::Until { hour: 9 });
    }
    let scopes = who.iter().flat_map(|who| who.scopes().map(str::to_owned).collect::<Vec<_>>());
    let causes = context.causation_id().map(|id| id.to_string());
    let id = who.as_ref().map(|who| who.id().to_owned());
    Ok(id
        .into_iter()
        .chain(scopes)
        .chain(context.correlation_id().map(str::to_owned))
        .chain(causes)
        .collect())
}

#[data]
#[derive(Debug, Fault)]
#[fault(wire)]
enum Closed {
    #[fault(kind = conflict, code = "vault.closed", message = "closed until {hour}")]
    Until { hour: u8 },
}

/// Has a route, and waits for ever.
#[query(reply = (), http = "GET /forever")]
struct Forever;

#[handler]
async fn forever(_: Forever) {
    std::future::pending::<()>().await;
}

const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

async fn start(trust: Trust, every: bool) -> Server<anywise::Result<anywise::Stopped>> {
    let app = App::builder().slices([SLICE]).build().await.expect("well wired");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    Server::of(listener, |listener, stopped| -> Serving<_> {
        let http = Http::on(listener).trust(trust);
        let http = if every { http.every_message() } else { http };
        Box::pin(async move { app.serve_until(http, stopped).await })
    })
}

/// Asks who asks; `headers` are whole lines.
async fn ask(
    server: &Server<anywise::Result<anywise::Stopped>>,
    headers: &str,
    body: &str,
) -> crate::client::Reply {
    let head =
        "POST /anywise/messages/vault.WhoAsks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    server.ask(format!("{head}{headers}content-length: {}\r\n\r\n{body}", body.len())).await
}

fn said() -> String {
    format!(
        "aw-principal: {{\"id\":\"ann\",\"scopes\":[\"a b\"]}}\r\naw-causation-id: {ID}\r\nx-correlation-id: c 1\r\n"
    )
}

#[tokio::test]
async fn a_message_without_a_route_is_served_to_whom_is_trusted() {
    let server = start(Trust::secret("s3cret"), true).await;
    let reply = ask(&server, &format!("aw-secret: s3cret\r\n{}", said()), "{}").await;
    assert_eq!((reply.status, reply.json()), (200, json!(["ann", "a b", "c 1", ID])));
    ask(&server, &said(), "{}").await.expect_problem(403, "AW1102");
    ask(&server, "aw-secret: guess\r\n", "{}").await.expect_problem(403, "AW1102");
    ask(&server, "aw-secret: s3cret\r\naw-secret: s3cret\r\n", "{}").await.expect_problem(403, "AW1102");
}

#[tokio::test]
async fn an_older_name_leads_to_the_same_message() {
    let server = start(Trust::everybody(), true).await;
    assert_eq!(server.json("POST /anywise/messages/vault.WhoIsIt", "{}").await.json(), json!([]));
    let nothing = server.json("POST /anywise/messages/vault.Nothing", "{}").await;
    nothing.expect_problem(404, "AW1022");
}

#[tokio::test]
async fn no_message_is_served_without_a_route_unless_it_was_said() {
    let server = start(Trust::everybody(), false).await;
    ask(&server, "", "{}").await.expect_problem(404, "AW1022");
    let server = start(Trust::nobody(), true).await;
    ask(&server, "aw-secret: \r\n", "{}").await.expect_problem(403, "AW1102");
}

#[tokio::test]
async fn a_declared_error_is_in_the_problem() {
    let server = start(Trust::everybody(), true).await;
    let problem = ask(&server, "", r#"{"fail": true}"#).await.expect_problem(409, "vault.closed");
    assert_eq!(problem["fault"], json!({"name": "vault.Closed", "value": {"Until": {"hour": 9}}}));
}

#[tokio::test]
async fn nobody_is_served_for_longer_than_they_wait() {
    let server = start(Trust::nobody(), false).await;
    let reply = server.get("GET /forever", "aw-deadline-ms: 20\r\n").await;
    reply.expect_problem(504, "AW1501");
}
