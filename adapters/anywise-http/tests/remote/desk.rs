//! The slice on the other side.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use anywise::prelude::*;
use anywise::{FieldFault, Requests};
use anywise_http::HttpRemote;

use crate::server::Server;

anywise::slice!(pub(crate) SLICE = "desk", "Answers what it is told.");

/// In the path, the query and nowhere else.
#[query(reply = String, http = "GET /rooms/{room}/desks/{number}")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FindDesk {
    pub(crate) room: String,
    pub(crate) number: i64,
    #[serde(default)]
    pub(crate) tall: bool,
    pub(crate) height: Option<f64>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) sizes: Vec<u64>,
    #[serde(default = "wood")]
    pub(crate) of: String,
}

fn wood() -> String {
    "wood".to_owned()
}

impl FindDesk {
    pub(crate) fn new(room: &str) -> Self {
        Self {
            room: room.to_owned(),
            number: -7,
            tall: true,
            height: Some(1.5),
            tags: Vec::new(),
            sizes: vec![3],
            of: wood(),
        }
    }
}

#[handler]
fn find_desk(query: FindDesk) -> String {
    format!("{query:?}")
}

/// In the path and in the body.
#[command(reply = String, http = "PUT /rooms/{room}")]
#[derive(Clone, Debug)]
pub(crate) struct SetRoom {
    pub(crate) room: String,
    pub(crate) desks: Vec<BTreeMap<String, u64>>,
    pub(crate) big: u64,
}

#[handler]
fn set_room(cmd: SetRoom) -> String {
    format!("{cmd:?}")
}

/// In the body alone.
#[command(reply = Vec<String>, http("POST /notes", status = 201))]
#[derive(Clone, Debug)]
pub(crate) enum Note {
    Short(String),
    Long { pages: Vec<String> },
}

#[handler]
fn note(cmd: Note) -> Vec<String> {
    match cmd {
        Note::Short(text) => vec![text],
        Note::Long { pages } => pages,
    }
}

/// With nothing in it, and nothing back.
#[command(http = "POST /bell")]
#[derive(Clone)]
pub(crate) struct Ring;

#[handler]
fn ring(_: Ring) {}

/// Nothing in it, and only in the path.
#[command(http = "DELETE /rooms/{room}")]
pub(crate) struct DropRoom {
    pub(crate) room: String,
}

#[handler]
fn drop_room(cmd: DropRoom) -> Result<()> {
    match cmd.room.as_str() {
        "kept" => Err(Error::new(Kind::Conflict, "desk.kept", "the room is kept")),
        _ => Ok(()),
    }
}

/// Without a route.
#[query(reply = u64)]
#[derive(Clone)]
pub(crate) struct Double {
    pub(crate) number: u64,
}

#[handler]
fn double(query: Double) -> u64 {
    query.number * 2
}

/// What its context says.
#[command(reply = Seen, http = "POST /look")]
#[derive(Clone)]
pub(crate) struct Look;

#[data]
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) headers: Vec<String>,
    pub(crate) correlation: Option<String>,
    pub(crate) causation: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) left_ms: Option<u64>,
}

#[handler]
fn look(_: Look, context: Context, who: Option<Principal>, until: Option<Deadline>) -> Seen {
    let who = who.map(|who| {
        let scopes: Vec<_> = who.scopes().collect();
        format!("{}: {}", who.id(), scopes.join("|"))
    });
    Seen {
        id: context.id().to_string(),
        headers: context.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect(),
        correlation: context.correlation_id().map(str::to_owned),
        causation: context.causation_id().map(|id| id.to_string()),
        trace: context.trace().map(|trace| format!("{} {:?}", trace.parent(), trace.state())),
        principal: who,
        left_ms: until.and_then(|until| u64::try_from(until.remaining()?.as_millis()).ok()),
    }
}

/// Never done.
#[query(reply = (), http = "GET /forever")]
pub(crate) struct Forever;

#[handler]
async fn forever(_: Forever) {
    std::future::pending::<()>().await;
}

/// Counts how often it was carried out; fails as often as it is told to.
#[command(reply = u32, http = "POST /tallies")]
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) fail: bool,
}

/// What was carried out.
#[derive(Default)]
pub(crate) struct Tallies {
    pub(crate) done: AtomicU32,
}

#[handler]
fn tally(cmd: Tally, tallies: &Tallies) -> Result<u32> {
    let done = tallies.done.fetch_add(1, SeqCst) + 1;
    if cmd.fail { Err(Error::new(Kind::Unavailable, "desk.busy", "busy")) } else { Ok(done) }
}

/// Fails as it is told.
#[query(reply = (), http = "GET /failures/{how}")]
#[derive(Clone)]
pub(crate) struct Fail {
    pub(crate) how: String,
}

/// Travels.
#[data]
#[derive(Clone, Debug, PartialEq, Fault)]
#[fault(wire)]
pub(crate) enum DeskError {
    #[fault(kind = declined, code = "desk.taken", message = "taken until {hour}", detail = "come later")]
    Taken { hour: u8, by: Option<String> },
    #[fault(kind = internal, code = "desk.broken", message = "leg {0} is broken")]
    Broken(u8),
}

#[handler]
fn fail(query: Fail) -> Result<()> {
    let how = query.how.as_str();
    if let Some(kind) = Kind::ALL.iter().find(|kind| kind.name() == how) {
        return Err(Error::new(*kind, "desk.failed", "the words for the log"));
    }
    let error = match how {
        "taken" => return Err(taken().into()),
        "broken" => return Err(DeskError::Broken(3).into()),
        "detail" => Error::internal("secret").with_detail("the words for all"),
        "finer" => Error::new(Kind::Conflict, "desk.gone", "it is gone").with_status(410),
        "slow" => {
            let after = std::time::Duration::from_millis(1_234);
            Error::new(Kind::RateLimited, "desk.slow", "slow down").with_retry_after(after)
        }
        "fields" => Error::new(Kind::Unprocessable, "desk.fields", "no")
            .with_field(FieldFault::new("/how", "is wrong").expected(Some("right".into()), Some("x".into())))
            .with_field(FieldFault::new("/other/0", "is wrong too")),
        "unknown" => Error::unknown_outcome("the connection broke"),
        "panic" => panic!("on purpose"),
        _ => "x".parse::<u8>().unwrap_err().into(),
    };
    Err(error)
}

pub(crate) fn taken() -> DeskError {
    DeskError::Taken { hour: 9, by: Some("ann".into()) }
}

/// The application on the other side.
pub(crate) async fn app() -> App {
    App::builder().slices([SLICE]).provide(Tallies::default()).build().await.unwrap()
}

/// A server of it, and who sends to it.
pub(crate) async fn start() -> (App, Server, Requests) {
    let app = app().await;
    let server = Server::of(app.clone(), |http| http).await;
    let requests = Requests::through(HttpRemote::to(&server.url()).unwrap());
    (app, server, requests)
}
