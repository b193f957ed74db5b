//! The catalog: everything registered, as plain data, and as text for a terminal.

use anywise::catalog::FunctionKind;
use anywise::prelude::*;

anywise::slice!(SLICE = "parcels", "Brings parcels to people.");

/// Bring a parcel.
#[command(reply = u32, key = to, http("POST /parcels", status = 201))]
struct Bring {
    to: String,
}

/// A parcel is at the door.
#[event(key = to)]
struct Brought {
    to: String,
}

/// Parcels have a receiver.
#[guard]
fn has_receiver(cmd: &Bring) -> Result<()> {
    if cmd.to.is_empty() {
        Err(Error::new(Kind::Unprocessable, "parcels.to_whom", "to whom?"))
    } else {
        Ok(())
    }
}

#[handler(timeout = "5s", concurrency = 8)]
fn bring(cmd: Bring, events: &mut Events<(Brought,)>) -> u32 {
    events.publish(Brought { to: cmd.to });
    1
}

#[listen]
fn ring(event: &Brought) {
    println!("ring at {}", event.to);
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().name("courier").slices([SLICE]).build().await?;
    println!("{}", app.inspect());

    // Emitted events, guards and routes are read from signatures, so they are exact.
    let catalog = app.catalog();
    let bring = catalog.functions.iter().find(|function| function.name == "bring").expect("registered above");
    assert_eq!(bring.kind, FunctionKind::Handler);
    assert_eq!(
        (&bring.receives[..], &bring.emits[..]),
        (&["parcels.Bring".into()][..], &["parcels.Brought".into()][..])
    );
    assert!(bring.guards[0].id.ends_with("::has_receiver"));
    assert_eq!((bring.timeout_ms, bring.concurrency), (Some(5000), Some(8)));

    let message =
        catalog.messages.iter().find(|message| message.name == "parcels.Bring").expect("registered above");
    let route = message.http.as_ref().expect("it has a route");
    assert_eq!((route.method.as_str(), route.path.as_str(), route.status), ("POST", "/parcels", 201));
    assert_eq!(message.docs, "Bring a parcel.");
    assert!(message.schema.is_some(), "JSON Schema of the body");
    Ok(())
}
