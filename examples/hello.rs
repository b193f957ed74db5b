//! One command, one event, two functions: the whole idea.

use anywise::prelude::*;

anywise::slice!(SLICE = "hello", "Greets people and remembers whom.");

/// Greet somebody.
#[command(reply = String)]
struct Greet {
    name: String,
}

/// Somebody was greeted.
#[event]
struct Greeted {
    name: String,
}

#[handler]
fn greet(cmd: Greet, events: &mut Events<(Greeted,)>) -> String {
    let reply = format!("Hello, {}!", cmd.name);
    events.publish(Greeted { name: cmd.name });
    reply
}

#[listen]
fn remember(event: &Greeted) {
    println!("remembered {}", event.name);
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().name("hello").slices([SLICE]).build().await?;
    let reply = app.send(Greet { name: "world".into() }).await?;
    assert_eq!(reply, "Hello, world!");
    app.settled().await; // listeners run after the reply
    Ok(())
}
