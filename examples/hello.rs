//! One command, one event, two slices' worth of functions: the whole idea.

use anywise::prelude::*;

/// Greet somebody.
#[command(reply = String, key = name)]
pub struct Greet {
    pub name: String,
}

/// Somebody was greeted.
#[event]
pub struct Greeted {
    pub name: String,
}

#[handler]
async fn greet(cmd: Greet, events: &mut Events<(Greeted,)>) -> String {
    let reply = format!("Hello, {}!", cmd.name);
    events.publish(Greeted { name: cmd.name });
    reply
}

#[listen]
async fn remember(event: &Greeted) {
    println!("remembered {}", event.name);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder().name("hello").build().await?;
    println!("{}", app.send(Greet { name: "world".into() }).await.map_err(|e| e.to_string())?);
    app.settled().await;
    Ok(())
}
