//! Functions that write in the transaction of the one that called them.

use std::time::Duration;

use anywise::prelude::*;
use anywise::{Loopback, Store};
use anywise_sql::{Any, Reader, Tx, sqlx};

use crate::postgres::Place;
use crate::support::Folder;

anywise::slice!(SLICE = "sql-nested");

/// What runs in another process.
mod far {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "sql-far");

    #[command]
    pub(super) struct Far {}

    #[handler]
    fn far(_: Far) {}
}

anywise_sql::migrations!("sql-nested", [
    "0001_rows" => "CREATE TABLE written (row_of TEXT NOT NULL);
                    CREATE TABLE told (row_of TEXT NOT NULL)",
]);

/// What a function does after it has written.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    /// Fails.
    Fail,
    /// Panics.
    Panic,
    /// Never returns.
    Sleep,
    /// Fails in its statement.
    Err,
}

/// How one calls the other.
#[data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Within,
    /// Before its own first statement.
    WithinFirst,
    /// The one that is called calls another.
    Deep,
    /// Twice, of which the first may fail.
    Twice,
    /// Gives up waiting.
    GivesUp,
    /// A transaction of its own.
    Apart,
    ApartFirst,
    /// One that records, and has no transaction.
    Records,
    RecordsWithin,
    Publishes,
    FarWithin,
}

#[command(reply = String)]
struct Outer {
    how: How,
    inner: Then,
    then: Then,
}

#[command]
struct Inner {
    row: String,
    then: Then,
}

/// Calls another within the transaction that it is within.
#[command]
struct Middle {
    inner: Then,
    then: Then,
}

#[command]
struct Record {}

#[event]
struct Written {
    row: String,
}

async fn write(tx: &mut Tx<Any>, row: &str, then: Then) -> Result<()> {
    sqlx::query("INSERT INTO written (row_of) VALUES ($1)").bind(row).execute(&mut *tx).await?;
    match then {
        Then::Nothing => Ok(()),
        Then::Fail => Err(Error::new(Kind::Conflict, "test.no", "it fails")),
        Then::Panic => panic!("it panics"),
        Then::Sleep => std::future::pending().await,
        Then::Err => Ok(sqlx::query("INSERT INTO nowhere VALUES (1)").execute(&mut *tx).await.map(drop)?),
    }
}

#[handler]
async fn inner(cmd: Inner, tx: &mut Tx<Any>, events: &mut Events<(Written,)>) -> Result<()> {
    events.publish(Written { row: cmd.row.clone() });
    write(tx, &cmd.row, cmd.then).await
}

#[handler]
async fn middle(
    cmd: Middle,
    tx: &mut Tx<Any>,
    events: &mut Events<(Written,)>,
    commands: Commands<(Inner,)>,
) -> Result<()> {
    events.publish(Written { row: "middle".to_owned() });
    write(tx, "middle", Then::Nothing).await?;
    let sent = commands.send(Inner { row: "inner".to_owned(), then: cmd.inner }).within(tx).await;
    write(tx, "middle again", cmd.then).await?;
    if cmd.then == Then::Nothing { Ok(()) } else { sent }
}

#[handler]
async fn record(_: Record, events: &mut Events<(Written,)>) {
    events.publish(Written { row: "recorded".to_owned() });
}

#[handler]
async fn outer(
    cmd: Outer,
    tx: &mut Tx<Any>,
    events: &mut Events<(Written,)>,
    commands: Commands<(Inner, Middle, Record, far::Far)>,
    dispatcher: Dispatcher,
) -> Result<String> {
    let first = matches!(cmd.how, How::WithinFirst | How::ApartFirst);
    if !first {
        write(tx, "outer", Then::Nothing).await?;
    }
    let inner = |row: &str, then| Inner { row: row.to_owned(), then };
    let sent = match cmd.how {
        How::Within | How::WithinFirst => commands.send(inner("inner", cmd.inner)).within(tx).await,
        How::Deep => commands.send(Middle { inner: cmd.inner, then: Then::Nothing }).within(tx).await,
        How::Twice => {
            let first = commands.send(inner("inner", cmd.inner)).within(tx).await;
            commands.send(inner("second", Then::Nothing)).within(tx).await?;
            first
        }
        How::GivesUp => {
            let sending = commands.send(inner("inner", Then::Sleep)).within(tx).into_future();
            let waited = tokio::time::timeout(Duration::from_millis(50), sending).await;
            waited.unwrap_or_else(|_| Err(Error::new(Kind::Timeout, "test.late", "it is late")))
        }
        How::Apart | How::ApartFirst => commands.send(inner("inner", cmd.inner)).await,
        How::Records => commands.send(Record {}).await,
        How::RecordsWithin => commands.send(Record {}).within(tx).await,
        How::FarWithin => commands.send(far::Far {}).within(tx).await,
        How::Publishes => dispatcher.publish(Written { row: "published".to_owned() }).await,
    };
    if first {
        write(tx, "outer", Then::Nothing).await?;
    }
    events.publish(Written { row: "outer".to_owned() });
    write(tx, "outer again", cmd.then).await?;
    Ok(sent.map_or_else(|error| told(&error), |()| "ok".to_owned()))
}

/// An error; the databases word theirs differently.
fn told(error: &Error) -> String {
    if error.code() == "AW7021" { error.code().to_owned() } else { error.to_string() }
}

#[listen]
async fn tell(event: &Written, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("INSERT INTO told (row_of) VALUES ($1)").bind(&event.row).execute(&mut *tx).await?;
    Ok(())
}

#[query(reply = (Vec<String>, Vec<String>))]
struct Rows {}

#[handler]
async fn rows(_: Rows, reader: &Reader<Any>) -> Result<(Vec<String>, Vec<String>)> {
    let written = "SELECT row_of FROM written ORDER BY row_of";
    let told = "SELECT row_of FROM told ORDER BY row_of";
    Ok((
        sqlx::query_scalar(written).fetch_all(reader).await?,
        sqlx::query_scalar(told).fetch_all(reader).await?,
    ))
}

/// What was answered, which rows are there, and what was told.
type Seen = (String, Vec<String>, Vec<String>);

async fn see(store: impl Store, how: How, inner: Then, then: Then) -> Seen {
    let far = App::builder().slices([far::SLICE]).build().await.unwrap();
    let builder = App::builder().slices([SLICE]).remote(Loopback::to(&far));
    let app = builder.store(store).build().await.unwrap();
    let sending = app.send(Outer { how, inner, then });
    let answer = tokio::time::timeout(Duration::from_secs(20), sending.into_future()).await;
    let answer =
        answer.expect("nothing waits for itself").unwrap_or_else(|error| format!("failed: {}", told(&error)));
    tokio::time::timeout(Duration::from_secs(20), app.settled()).await.expect("all is told");
    let (written, told) = app.send(Rows {}).await.unwrap();
    app.stop(Duration::from_secs(5)).await;
    (answer, written, told)
}

/// The same on both stores.
async fn seen(how: How, inner: Then, then: Then) -> Seen {
    let folder = Folder::new();
    // Waiting for oneself would take this long.
    let sqlite = folder.options().hold_limit(Duration::from_secs(60)).open().await.unwrap();
    let seen = see(sqlite, how, inner, then).await;
    if let Some(place) = Place::make().await {
        let again = see(place.options().connect().await.unwrap(), how, inner, then).await;
        assert_eq!(again, seen, "on Postgres, and on SQLite");
    }
    seen
}

fn list(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_within_is_kept_with_the_rest() {
    for how in [How::Within, How::WithinFirst] {
        let (answer, written, told) = seen(how, Then::Nothing, Then::Nothing).await;
        assert_eq!((answer.as_str(), written), ("ok", list(&["inner", "outer", "outer again"])));
        assert_eq!(told, list(&["inner", "outer"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_within_is_undone_with_the_rest() {
    for then in [Then::Fail, Then::Panic, Then::Err] {
        let (answer, written, told) = seen(How::Within, Then::Nothing, then).await;
        assert!(answer.starts_with("failed"), "{answer}");
        assert_eq!((written, told), (list(&[]), list(&[])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_undoes_its_own_part_alone() {
    for how in [How::Within, How::WithinFirst] {
        for inner in [Then::Fail, Then::Panic, Then::Err] {
            let (answer, written, told) = seen(how, inner, Then::Nothing).await;
            assert_ne!(answer, "ok");
            assert_eq!(
                (written, told),
                (list(&["outer", "outer again"]), list(&["outer"])),
                "{how:?} {inner:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_an_error_is_kept() {
    let (answer, written, told) = seen(How::Twice, Then::Fail, Then::Nothing).await;
    assert_eq!(answer, "it fails [test.no]");
    assert_eq!((written, told), (list(&["outer", "outer again", "second"]), list(&["outer", "second"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_within_another_within_a_third() {
    let (answer, written, told) = seen(How::Deep, Then::Nothing, Then::Nothing).await;
    let all = ["inner", "middle", "middle again", "outer", "outer again"];
    assert_eq!((answer.as_str(), written), ("ok", list(&all)));
    assert_eq!(told, list(&["inner", "middle", "outer"]));
    let (answer, written, told) = seen(How::Deep, Then::Fail, Then::Nothing).await;
    assert_eq!((answer.as_str(), written), ("ok", list(&all[1..])), "the innermost failed alone");
    assert_eq!(told, list(&["middle", "outer"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_waiting_goes_on_alone() {
    let (answer, written, told) = seen(How::GivesUp, Then::Nothing, Then::Nothing).await;
    assert_eq!(answer, "it is late [test.late]");
    assert_eq!((written, told), (list(&["outer", "outer again"]), list(&["outer"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_wait_for_itself_is_told_at_once() {
    let (answer, written, told) = seen(How::Apart, Then::Nothing, Then::Nothing).await;
    assert!(
        answer.contains("AW7014") && answer.contains("nested::inner") && answer.contains("nested::outer"),
        "{answer}"
    );
    assert_eq!((written, told), (list(&["outer", "outer again"]), list(&["outer"])));
    for how in [How::Records, How::Publishes] {
        let (answer, _, told) = seen(how, Then::Nothing, Then::Nothing).await;
        assert!(answer.contains("AW7014"), "{answer}");
        assert_eq!(told, list(&["outer"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_before_the_first_statement_is_kept_by_itself() {
    let (answer, written, told) = seen(How::ApartFirst, Then::Nothing, Then::Fail).await;
    assert!(answer.starts_with("failed"), "{answer}");
    assert_eq!((written, told), (list(&["inner"]), list(&["inner"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_within_goes_with_the_rest() {
    let (answer, _, told) = seen(How::RecordsWithin, Then::Nothing, Then::Nothing).await;
    assert_eq!((answer.as_str(), told), ("ok", list(&["outer", "recorded"])));
    let (_, _, told) = seen(How::RecordsWithin, Then::Nothing, Then::Fail).await;
    assert_eq!(told, list(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_elsewhere_cannot_be_within() {
    let (answer, written, _) = seen(How::FarWithin, Then::Nothing, Then::Nothing).await;
    assert!(answer.contains("sql-far.Far") && answer.contains("AW7015"), "{answer}");
    assert_eq!(written, list(&["outer", "outer again"]));
}
