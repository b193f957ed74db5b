//! The ports, with their in-memory references: a store, a transport, a remote.
//!
//! Two applications in one process stand for two processes. Their code does not know.

use anywise::prelude::*;
use anywise::{Loopback, MemoryBroker, MemoryStore};

mod order {
    use super::invoice::Write;
    use anywise::prelude::*;

    anywise::slice!(pub(crate) SLICE = "order", "Takes orders.");

    /// Place an order.
    #[command(reply = u32)]
    pub(crate) struct Place {
        pub(crate) cents: u32,
    }

    /// An order was placed.
    #[event]
    pub(crate) struct Placed {
        pub(crate) invoice: u32,
    }

    /// Asks the other slice for an invoice; where that runs is not decided here.
    #[handler]
    async fn place(cmd: Place, commands: Commands<(Write,)>, events: &mut Events<(Placed,)>) -> Result<u32> {
        let invoice = commands.send(Write { cents: cmd.cents }).await?;
        events.publish(Placed { invoice });
        Ok(invoice)
    }
}

mod invoice {
    use anywise::prelude::*;
    use tokio::sync::mpsc::Sender;

    anywise::slice!(pub(crate) SLICE = "invoice", "Writes invoices.");

    /// Write an invoice.
    #[command(reply = u32)]
    pub(crate) struct Write {
        pub(crate) cents: u32,
    }

    #[handler]
    fn write(cmd: &Write) -> u32 {
        1000 + cmd.cents
    }

    #[listen]
    async fn file(event: &super::order::Placed, filed: &Sender<u32>) -> Result<()> {
        Ok(filed.send(event.invoice).await?)
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let broker = MemoryBroker::new("broker", 16);
    let (filed, mut arrived) = tokio::sync::mpsc::channel::<u32>(1);

    let invoices = App::builder().slices([invoice::SLICE]).provide(filed).transport(broker.clone());
    let invoices = invoices.build().await?;

    // Commands go through the remote, events into the store and from there to the broker.
    let orders = App::builder().slices([order::SLICE]).remote(Loopback::to(&invoices));
    let orders = orders.store(MemoryStore::new()).transport(broker).build().await?;
    assert_eq!(orders.send(order::Place { cents: 250 }).await?, 1250);
    assert_eq!(arrived.recv().await, Some(1250), "the event arrived over the broker");
    Ok(())
}
