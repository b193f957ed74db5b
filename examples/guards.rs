//! Guards: refuse a message, provide a value, stand around a function.

use std::time::Instant;

use anywise::prelude::*;

anywise::slice!(SLICE = "notes", "Notes that people keep.");

/// Keep a note.
#[command(reply = String)]
struct Keep {
    text: String,
}

/// Who is signed in.
struct User {
    name: &'static str,
}

#[derive(Debug, Fault)]
enum Refused {
    #[fault(kind = unauthenticated, code = "notes.who", message = "nobody has this token")]
    Who,
    #[fault(kind = unprocessable, code = "notes.empty", message = "a note has text")]
    Empty,
}

/// Before everything in this slice. What it returns is provided.
#[guard(slice)]
fn signed_in(auth: Option<Header<Authorization>>) -> Result<User, Refused> {
    match auth {
        Some(Header(auth)) if auth.bearer() == Some("token-of-ann") => Ok(User { name: "ann" }),
        _ => Err(Refused::Who),
    }
}

/// Before `Keep` alone: its first parameter says so.
#[guard]
fn has_text(cmd: &Keep) -> Result<(), Refused> {
    if cmd.text.is_empty() { Err(Refused::Empty) } else { Ok(()) }
}

/// Around every command: it runs the rest, and sees how it ended.
#[guard(around, commands)]
async fn timed(cx: Context, mut next: Next<'_>) -> Result<()> {
    let began = Instant::now();
    let result = next.run().await;
    println!("{}: {:?} in {:?}, reply {:?}", cx.name(), result, began.elapsed(), next.reply::<String>());
    result
}

#[handler]
async fn keep(cmd: Keep, user: Provided<User>) -> String {
    tokio::task::yield_now().await;
    format!("{} keeps: {}", user.name, cmd.text)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().slices([SLICE]).build().await?;
    let keep = |text: &str| Keep { text: text.into() };

    let kept = app.send(keep("buy tea")).header("authorization", "Bearer token-of-ann").await?;
    assert_eq!(kept, "ann keeps: buy tea");

    let refused = app.send(keep("buy tea")).await.expect_err("no header");
    assert_eq!((refused.code(), refused.status()), ("notes.who", 401));

    let refused =
        app.send(keep("")).header("authorization", "Bearer token-of-ann").await.expect_err("no text");
    assert_eq!((refused.code(), refused.status()), ("notes.empty", 422));
    Ok(())
}
