//! On whose behalf, where it is believed.

use anywise::prelude::*;
use anywise::{Head, Requests, new_id};
use anywise_axum::Trust;
use anywise_http::HttpRemote;

use crate::desk::{self, Double, Look, Seen};
use crate::server::Server;

async fn serve(trust: Trust) -> Server {
    Server::of(desk::app().await, |http| http.trust(trust).every_message()).await
}

async fn look(remote: HttpRemote) -> (Head, Result<Seen>) {
    let mut head = Head::default();
    head.id();
    head.causation_id = Some(new_id());
    head.correlation_id = Some("of any { form }".into());
    head.principal = Some(Principal::new("änn\n").with_scopes(["a b", "c,d"]));
    let seen = Requests::through(remote).send(Look).head(head.clone()).await;
    (head, seen)
}

fn remote(server: &Server) -> HttpRemote {
    HttpRemote::to(&server.url()).unwrap()
}

fn check_all(head: &Head, seen: &Seen) {
    assert_eq!(seen.principal.as_deref(), Some("änn\n: a b|c,d"));
    assert_eq!(seen.causation, head.causation_id.map(|id| id.to_string()));
    assert_eq!(Some(&seen.id), head.id.map(|id| id.to_string()).as_ref());
    assert_eq!(seen.correlation, head.correlation_id);
    assert!(!seen.headers.iter().any(|header| header.starts_with("aw-")), "{seen:?}");
}

#[tokio::test]
async fn a_target_that_shares_a_secret_believes_it() {
    let server = serve(Trust::secret("s3cret")).await;
    let (head, seen) = look(remote(&server).secret("s3cret").unwrap()).await;
    check_all(&head, &seen.unwrap());
    let server = serve(Trust::everybody()).await;
    let (head, seen) = look(remote(&server).trusted()).await;
    check_all(&head, &seen.unwrap());
}

#[tokio::test]
async fn one_that_does_not_drops_it() {
    let server = serve(Trust::secret("s3cret")).await;
    for remote in [remote(&server), remote(&server).trusted()] {
        let (_, seen) = look(remote).await;
        let seen = seen.unwrap();
        assert_eq!((seen.principal, seen.causation, seen.correlation), (None, None, None));
    }
    let server = serve(Trust::nobody()).await;
    let (_, seen) = look(remote(&server).secret("s3cret").unwrap()).await;
    assert_eq!(seen.unwrap().principal, None);
}

#[tokio::test]
async fn a_wrong_secret_is_a_fault_of_the_wiring_and_not_the_senders() {
    let server = serve(Trust::secret("s3cret")).await;
    let (_, seen) = look(remote(&server).secret("guess").unwrap()).await;
    let error = seen.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "AW2103"));
    assert!(error.message().contains("AW1102"), "{error}");
}

#[tokio::test]
async fn every_message_is_for_whom_is_trusted() {
    let server = serve(Trust::secret("s3cret")).await;
    let trusted = remote(&server).every_message().secret("s3cret").unwrap();
    assert_eq!(Requests::through(trusted).send(Double { number: 2 }).await.unwrap(), 4);
    let stranger = Requests::through(remote(&server).every_message());
    let error = stranger.send(Double { number: 2 }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Internal, "AW2103"));
}

#[tokio::test]
async fn a_secret_is_a_text_that_can_be_a_header() {
    for secret in ["", "a\nb", "schlüssel"] {
        let error = HttpRemote::to("http://shop").unwrap().secret(secret).unwrap_err();
        assert_eq!(error.code(), "AW2109");
    }
}
