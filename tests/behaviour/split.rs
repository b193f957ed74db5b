//! One application as several processes: what goes where, and that it arrives.

use std::sync::Arc;
use std::sync::Mutex;

use anywise::prelude::*;
use anywise::{AppBuilder, BoxFuture, Destination, Envelope, Loopback, MemoryBroker, Remote};

mod kitchen {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "kitchen", "Cooks.");

    #[command(reply = String, http = "POST /dishes")]
    pub(super) struct Cook {
        pub(super) dish: String,
    }

    #[query(reply = u32)]
    pub(super) struct Left {}

    #[event]
    pub(super) struct Cooked {
        pub(super) dish: String,
    }

    #[guard(slice)]
    fn open() -> Result<()> {
        Ok(())
    }

    #[handler]
    async fn cook(cmd: Cook, events: &mut Events<(Cooked,)>) -> String {
        events.publish(Cooked { dish: cmd.dish.clone() });
        format!("{} is served", cmd.dish)
    }

    #[handler]
    fn left(_: Left) -> u32 {
        7
    }
}

mod hall {
    use super::Bell;
    use super::kitchen::{Cook, Cooked};
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "hall", "Serves.");

    #[command(reply = String)]
    pub(super) struct Order {
        pub(super) dish: String,
    }

    #[handler]
    async fn order(cmd: Order, commands: Commands<(Cook,)>) -> Result<String> {
        commands.send(Cook { dish: cmd.dish }).await
    }

    #[listen]
    fn ring(event: &Cooked, bell: &Bell) {
        bell.0.lock().unwrap().push(event.dish.clone());
    }
}

#[derive(Default)]
struct Bell(Mutex<Vec<String>>);

fn hall(bell: &Arc<Bell>) -> AppBuilder {
    App::builder().name("inn").slices([hall::SLICE]).provide_arc(Arc::clone(bell))
}

fn kitchen() -> AppBuilder {
    App::builder().name("inn").slices([kitchen::SLICE])
}

#[tokio::test]
async fn commands_and_events_cross_between_two_processes() {
    let (broker, bell) = (MemoryBroker::new("broker", 16), Arc::new(Bell::default()));
    let there = kitchen().transport(broker.clone()).build().await.unwrap();
    let here = hall(&bell).transport(broker.clone()).remote(Loopback::to(&there)).build().await.unwrap();
    let served = here.send(hall::Order { dish: "soup".into() }).await.unwrap();
    assert_eq!(served, "soup is served");
    while bell.0.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*bell.0.lock().unwrap(), ["soup"]);
}

#[tokio::test]
async fn what_has_nowhere_to_go_is_refused_at_start_up() {
    let error = hall(&Arc::default()).build().await.unwrap_err();
    let [fault] = error.faults() else { panic!("{error}") };
    assert_eq!(fault.code, "AW4109");
    assert!(fault.message.contains("kitchen.Cook"), "{fault:?}");
}

#[tokio::test]
async fn a_process_without_slices_is_the_way_to_all_of_them() {
    let there = kitchen().build().await.unwrap();
    let gateway = App::builder().name("inn").slices([]).remote(Loopback::to(&there)).build().await.unwrap();
    let cook = gateway.catalog().messages.iter().find(|message| message.name == "kitchen.Cook").unwrap();
    assert_eq!(cook.http.as_ref().unwrap().path, "/dishes");
    let endpoint = gateway.endpoint("kitchen.Cook").unwrap();
    let reply = endpoint.call(br#"{"dish":"soup"}"#, anywise::Head::default()).await.unwrap();
    assert_eq!(reply, r#""soup is served""#);
    assert!(gateway.endpoint("hall.Order").is_none(), "nobody takes it");
}

/// A remote that only says where it would go.
struct Signpost(&'static str, &'static [&'static str]);

impl Remote for Signpost {
    fn name(&self) -> &str {
        self.0
    }

    fn reaches(&self, message: &str) -> bool {
        self.1.contains(&message)
    }

    fn route(&self, message: &str) -> String {
        format!("{} for {message}", self.0)
    }

    fn call(&self, _: Envelope) -> BoxFuture<'_, Result<anywise::Bytes>> {
        Box::pin(async { Ok(format!("\"from {}\"", self.0).into()) })
    }
}

#[tokio::test]
async fn of_several_remotes_the_first_that_reaches_a_message_takes_it() {
    let builder = App::builder().slices([]);
    let builder =
        builder.remote(Signpost("left", &["kitchen.Left"])).remote(Signpost("right", &["kitchen.Cook"]));
    let app = builder.build().await.unwrap();
    assert_eq!(app.send(kitchen::Cook { dish: "soup".into() }).await.unwrap(), "from right");
}

#[test]
fn the_routing_says_where_everything_goes_without_connecting() {
    let builder = hall(&Arc::default())
        .transport(MemoryBroker::new("broker", 16))
        .remote(Signpost("kitchen-1", &["kitchen.Cook"]));
    let routing = builder.routing();
    assert_eq!(routing.slices, ["hall"]);
    let to = |message: &str| routing.explain(message).unwrap().destinations.clone();
    assert_eq!(to("kitchen.Cook"), [Destination::Remote { route: "kitchen-1 for kitchen.Cook".into() }]);
    assert_eq!(to("kitchen.Left"), []);
    let [Destination::Function { id, .. }, Destination::Sink { name }] = &to("kitchen.Cooked")[..] else {
        panic!("{:?}", to("kitchen.Cooked"))
    };
    assert_eq!((id.as_str(), name.as_str()), ("behaviour::split::hall::ring", "broker"));
    assert_eq!(
        routing.explain("kitchen.Cok").unwrap_err(),
        "there is no message `kitchen.Cok`; did you mean `kitchen.Cook`?"
    );

    let here = kitchen().routing();
    let text = here.explain("kitchen.Cook").unwrap().to_string();
    assert_eq!(
        text,
        "kitchen.Cook, command of the slice `kitchen`\n  behaviour::split::kitchen::cook\n    behind behaviour::split::kitchen::open\n"
    );
    let table = here.to_string();
    assert!(table.starts_with("inn runs here: kitchen\n"), "{table}");
    assert!(table.contains("kitchen.Cooked"), "{table}");
}

mod careful {
    use super::kitchen::Cooked;
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "careful", "Asks for much.");

    #[listen(requires(durable, ordered, replay))]
    fn note(_: &Cooked) {}
}

#[tokio::test]
async fn a_listener_is_refused_a_transport_that_does_not_give_what_it_requires() {
    let careful = || App::builder().slices([careful::SLICE]);
    let error = careful().transport(MemoryBroker::new("memory", 16)).build().await.unwrap_err();
    let faults: Vec<_> = error.faults().iter().map(|fault| (fault.code, fault.message.as_str())).collect();
    let expected = ["durable", "replay"].map(|word| {
        format!(
            "`behaviour::split::careful::note` requires a transport that is `{word}`, which `memory` is not"
        )
    });
    assert_eq!(faults, [("AW4141", expected[0].as_str()), ("AW4141", expected[1].as_str())]);
    assert!(careful().build().await.unwrap_err().to_string().contains("AW4141"));
}
