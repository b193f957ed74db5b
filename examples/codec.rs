//! Codecs: the format of bodies is a choice of the application, not of the slices.
//!
//! `MessagePack` is behind the feature `msgpack`.

use anywise::prelude::*;
use anywise::{Envelope, MemoryBroker, MessagePack, Outcome, Subscription, Transport as _};

anywise::slice!(SLICE = "meter", "Reads meters.");

/// A meter was read.
#[event(key = meter)]
struct Reading {
    meter: u32,
    litres: f64,
}

#[listen]
fn log(event: &Reading, seen: &std::sync::Mutex<Vec<u32>>) {
    println!("meter {}: {} l", event.meter, event.litres);
    seen.lock().expect("no writer panics").push(event.meter);
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let broker = MemoryBroker::new("broker", 16);
    let source = broker.subscribe(&Subscription::new("elsewhere", ["meter.Reading"])).await?;
    // The first codec writes; every codec, and JSON, can be read.
    let app = App::builder()
        .slices([SLICE])
        .provide(std::sync::Mutex::<Vec<u32>>::default())
        .codec(MessagePack)
        .sink(broker)
        .build()
        .await?;
    app.publish(Reading { meter: 7, litres: 12.5 }).await?;

    let incoming = source.receive(1).await?.pop().expect("one event was published");
    let envelope = Envelope::from_frame(&incoming.frame, None, true)?;
    assert_eq!((envelope.name.as_str(), envelope.key.as_deref()), ("meter.Reading", Some("7")));
    assert_eq!(envelope.content_type, "application/msgpack");
    assert_eq!(envelope.body.first(), Some(&0x82), "a map of two fields, by name");

    // It comes back in, and so does JSON.
    assert_eq!(app.dispatch(envelope).await, Outcome::Done(None));
    let json = Envelope::json("meter.Reading", r#"{"meter": 8, "litres": 0.5}"#);
    assert_eq!(app.dispatch(json).await, Outcome::Done(None));
    Ok(())
}
