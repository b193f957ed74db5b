//! Events out: from an envelope to the writer.

use anywise_core::{BoxFuture, Envelope, Error, Kind, Result, Sink};

use crate::config::Redis;

impl Sink for Redis {
    fn name(&self) -> &str {
        &self.settings.name
    }

    /// Done when the server has it as durably as its traits say, in the stream of
    /// every group that listens.
    ///
    /// Its place among the events of this process is taken at the call. Dropping
    /// the future does not stop what is on its way.
    fn send(&self, envelope: Envelope) -> BoxFuture<'_, Result<()>> {
        self.hand_in(envelope).unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))))
    }
}

impl Redis {
    fn hand_in(&self, envelope: Envelope) -> Result<BoxFuture<'static, Result<()>>> {
        let (size, most) = (envelope.body.len(), self.settings.max_size);
        if size > most {
            let text = format!("the body has {size} bytes; Redis takes at most {most} here");
            return Err(Error::new(Kind::TooLarge, "AW2006", text));
        }
        let frame = envelope.to_frame(&self.settings.names.source());
        Ok(self.broker()?.writer.send(envelope.name, frame))
    }
}
