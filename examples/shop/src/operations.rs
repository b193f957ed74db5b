//! The operations pages: what waits in the shop's store, and what to do about
//! its dead letters.
//!
//! They are for whoever operates this machine: [`gate`] says who that is. They
//! are written by `anywise-docs` from what [`desk`] finds; the command line asks
//! a running shop through [`client`].

pub(crate) mod client;
pub(crate) mod desk;
mod gate;

use std::collections::HashMap;
use std::sync::Arc;

use anywise::{App, DeadLetterId, Error, Uuid};
use anywise_axum::Problem;
use anywise_docs::{Notice, Operations, dead_letter_json};
use axum::extract::{Form, Path, Query, State};
use axum::http::header::{ACCEPT, HeaderMap};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::{Value, json};

use crate::operations::desk::Desk;
use crate::pages::ROOT;

/// What the pages are made of.
struct Counter {
    app: App,
    desk: Desk,
    /// Whoever sends a form has read a page of this process.
    token: String,
}

type Shared = State<Arc<Counter>>;
/// The parameters of a query or the fields of a form.
type Said = HashMap<String, String>;

/// Routes to the operations pages of this application.
pub(crate) fn routes(app: &App) -> Router {
    let token = [Uuid::new_v4(), Uuid::new_v4()].map(|part| part.simple().to_string()).concat();
    let counter = Counter { app: app.clone(), desk: Desk::of(app), token };
    Router::new()
        .route(&format!("{ROOT}operations"), get(overview))
        .route(&format!("{ROOT}operations.json"), get(data))
        .route(&format!("{ROOT}operations/{{id}}"), get(dead_letter))
        .route(&format!("{ROOT}operations/{{id}}/replay"), post(replay))
        .route(&format!("{ROOT}operations/{{id}}/discard"), post(discard))
        .layer(middleware::from_fn(gate::gate))
        .with_state(Arc::new(counter))
}

async fn overview(State(counter): Shared, Query(said): Query<Said>) -> Result<Html<String>, Problem> {
    let waiting = counter.desk.waiting(number(&said, "before")).await.map_err(failed)?;
    Ok(Html(counter.pages().notice(notice(&said)).overview(&waiting)))
}

async fn dead_letter(
    State(counter): Shared,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Html<String>, Problem> {
    let id = id.parse().map_err(|_| missing(&id))?;
    let letter = counter.desk.letter(id).await.map_err(failed)?.ok_or_else(|| missing(&id.to_string()))?;
    Ok(Html(counter.pages().notice(notice(&said)).dead_letter(&letter)))
}

/// The same for programs: all, or with `id` one dead letter and everything
/// known of it.
async fn data(State(counter): Shared, Query(said): Query<Said>) -> Result<Json<Value>, Problem> {
    let mut data = match said.get("id") {
        Some(id) => {
            let letter = counter.desk.letter(id.parse().map_err(|_| missing(id))?).await.map_err(failed)?;
            dead_letter_json(&letter.ok_or_else(|| missing(id))?)
        }
        None => counter.desk.waiting(number(&said, "before")).await.map_err(failed)?.json(),
    };
    data["token"] = json!(counter.token);
    Ok(Json(data))
}

async fn replay(
    State(counter): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(said): Form<Said>,
) -> Result<Response, Problem> {
    counter.check(&said)?;
    let id = id.parse().map_err(|_| missing(&id))?;
    let body = said.get("body").map(|body| body.clone().into());
    let notice = counter.desk.replay(id, body).await.map_err(failed)?;
    tracing::warn!(%id, edited = said.contains_key("body"), ?notice, "an operator replayed a dead letter");
    Ok(done(notice, &headers))
}

async fn discard(
    State(counter): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(said): Form<Said>,
) -> Result<Response, Problem> {
    counter.check(&said)?;
    let id = id.parse().map_err(|_| missing(&id))?;
    let notice = counter.desk.discard(id).await.map_err(failed)?;
    tracing::warn!(%id, ?notice, "an operator discarded a dead letter");
    Ok(done(notice, &headers))
}

impl Counter {
    fn pages(&self) -> Operations<'_> {
        Operations::new(self.app.catalog(), &self.token)
    }

    /// Refuses a form that is not from a page of this process.
    fn check(&self, said: &Said) -> Result<(), Problem> {
        let sent = said.get("token").map_or(&[][..], |token| token.as_bytes());
        let differing = sent.iter().zip(self.token.as_bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        if sent.len() == self.token.len() && differing == 0 {
            return Ok(());
        }
        Err(gate::refused("the form is from another process, or from another site: load the page again"))
    }
}

/// Where a form leads: back to the list for people, the outcome for programs.
fn done(notice: Notice, headers: &HeaderMap) -> Response {
    let word = word(notice);
    if headers.get(ACCEPT).is_some_and(|accepted| accepted == "application/json") {
        return Json(json!({ "outcome": word, "detail": notice.to_string() })).into_response();
    }
    let id = notice.id();
    let page = if matches!(notice, Notice::NotJson(_)) { format!("/{id}") } else { String::new() };
    Redirect::to(&format!("{ROOT}operations{page}?{word}={id}")).into_response()
}

/// An outcome as a word in addresses.
pub(crate) fn word(notice: Notice) -> &'static str {
    match notice {
        Notice::Replayed(_) => "replayed",
        Notice::Discarded(_) => "discarded",
        Notice::NotJson(_) => "not-json",
        _ => "gone",
    }
}

/// What a form that led here has done.
fn notice(said: &Said) -> Option<Notice> {
    let replayed = number(said, "replayed").map(Notice::Replayed);
    let discarded = number(said, "discarded").map(Notice::Discarded);
    let unread = number(said, "not-json").map(Notice::NotJson);
    replayed.or(discarded).or(unread).or_else(|| number(said, "gone").map(Notice::Gone))
}

fn number(said: &Said, name: &str) -> Option<DeadLetterId> {
    said.get(name)?.parse().ok()
}

fn missing(id: &str) -> Problem {
    let id: String = id.chars().take(20).collect();
    Problem::new(404, "operations.no_dead_letter").detail(format!("there is no dead letter `{id}`"))
}

/// Operators are told what the log is told.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn failed(error: Error) -> Problem {
    tracing::error!(%error, "the store failed an operator");
    Problem::new(error.status(), error.code().to_owned()).detail(error.to_string())
}
