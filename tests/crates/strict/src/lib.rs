//! A slice whose only dependency is `anywise`, under the strictest lints: what
//! the attributes write must not disturb a careful user.

#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, unreachable_pub, clippy::pedantic, clippy::unwrap_used)]
#![deny(rust_2018_idioms, single_use_lifetimes, unused_qualifications, missing_debug_implementations)]

use anywise::prelude::*;

anywise::slice!(pub SLICE = "strict", "Greets strictly.");

/// A greeting.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The words.
    pub text: String,
}

/// Greet somebody.
#[command(reply = Greeting, key = name, http("POST /greetings/{name}", status = 201))]
#[derive(Debug, Clone)]
pub struct Greet {
    /// Whom.
    pub name: String,
    /// How often.
    pub times: u32,
}

/// Greet nobody in particular.
#[command(reply = Greeting)]
#[derive(Debug, Clone)]
pub struct GreetAll;

/// Either of the greetings.
#[one_of]
#[derive(Debug)]
pub enum AnyGreet {
    /// One.
    Greet(Greet),
    /// All.
    All(GreetAll),
}

/// How many were greeted?
#[query(reply = u64, http = "GET /greetings/count")]
#[derive(Debug)]
pub struct Count;

/// Somebody was greeted.
#[event(key = name, version = 2, aliases("strict.OldGreeted"))]
#[derive(Debug)]
pub struct Greeted {
    /// Whom.
    pub name: String,
}

/// Everything that can go wrong.
#[derive(Debug, Fault)]
pub enum GreetError {
    /// The name is empty.
    #[fault(kind = unprocessable, code = "strict.empty", message = "the name is empty")]
    Empty,
    /// Too often.
    #[fault(kind = conflict, code = "strict.too_often", message = "{times} times is too often")]
    TooOften {
        /// How often.
        times: u32,
    },
}

/// How to greet.
#[config(prefix = "strict")]
#[derive(Debug)]
pub struct Manners {
    /// The word before the name.
    #[serde(default = "hello")]
    pub word: String,
}

fn hello() -> String {
    "Hello".to_owned()
}

/// Greets in some language.
pub trait Language: Send + Sync {
    /// The greeting of `name`.
    fn greet(&self, name: &str) -> String;
}

struct Polite(String);

impl Language for Polite {
    fn greet(&self, name: &str) -> String {
        format!("{}, {name}!", self.0)
    }
}

#[provide]
fn language(manners: &Manners) -> Box<dyn Language> {
    Box::new(Polite(manners.word.clone()))
}

/// Counts greetings.
#[derive(Debug, Default)]
pub struct Tally(std::sync::atomic::AtomicU64);

#[provide]
async fn tally() -> Result<Tally> {
    Ok(Tally::default())
}

struct Admitted;

#[guard(slice, order = -1)]
async fn admit(context: Context) -> Result<Admitted> {
    let _ = context.key();
    Ok(Admitted)
}

#[guard]
fn named(command: &Greet) -> Result<(), GreetError> {
    if command.name.is_empty() { Err(GreetError::Empty) } else { Ok(()) }
}

#[guard(around, commands)]
async fn around(tally: &Tally, mut next: Next<'_>) -> Result<()> {
    let _ = tally;
    next.run().await
}

#[handler(timeout = "2s", concurrency = 8)]
async fn greet(
    command: AnyGreet,
    _admitted: Provided<Admitted>,
    language: &dyn Language,
    events: &mut Events<(Greeted,)>,
) -> Result<Greeting, GreetError> {
    let name = match command {
        AnyGreet::Greet(Greet { times, .. }) if times > 3 => return Err(GreetError::TooOften { times }),
        AnyGreet::Greet(greet) => greet.name,
        AnyGreet::All(_) => "all".to_owned(),
    };
    let text = language.greet(&name);
    events.publish(Greeted { name });
    Ok(Greeting { text })
}

#[handler]
fn count(_query: &Count, tally: &Tally) -> u64 {
    tally.0.load(std::sync::atomic::Ordering::Relaxed)
}

#[handlers]
impl Tally {
    #[listen]
    async fn add(&self, _event: &Greeted) -> Option<GreetAgain> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        None
    }

    #[handler(blocking)]
    fn again(&self, _command: GreetAgain) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Greet once more.
#[command(local)]
#[derive(Debug)]
pub struct GreetAgain;
