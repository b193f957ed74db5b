//! What the client says, in the words of core.

use anywise_core::{Error, Kind};
use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

/// It does not answer, or may not have done what it was asked.
pub(crate) fn away(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "AW2020", format!("RabbitMQ at {address}: {why}"))
}

/// It does not want us.
pub(crate) fn refused(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Forbidden, "AW2021", format!("RabbitMQ at {address}: {why}"))
}

/// What is there is at odds with what is asked for.
pub(crate) fn conflict(address: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Conflict, "AW2021", format!("RabbitMQ at {address}: {why}"))
}

/// No queue gets it.
pub(crate) fn unrouted(exchange: &str, routing_key: &str) -> Error {
    let message =
        format!("no queue is bound to the exchange `{exchange}` for `{routing_key}`; it was not published");
    Error::new(Kind::Unavailable, "AW2029", message)
}

/// It will never be taken.
pub(crate) fn too_large(what: impl std::fmt::Display) -> Error {
    Error::new(Kind::TooLarge, "AW2006", format!("RabbitMQ does not take {what}"))
}

/// The client's error, at the broker of this address.
pub(crate) fn of_client(address: &str, error: &lapin::Error) -> Error {
    let ErrorKind::ProtocolError(protocol) = error.kind() else { return away(address, error) };
    let text = protocol.get_message();
    match protocol.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
        | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => refused(address, text),
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::NOTFOUND) => {
            conflict(address, text)
        }
        _ => away(address, error),
    }
}

/// The broker's own limit, if this error says that a body was over it.
pub(crate) fn limit_of(error: &lapin::Error) -> Option<usize> {
    let ErrorKind::ProtocolError(protocol) = error.kind() else { return None };
    let text = protocol.get_message().as_str();
    text.contains("larger than configured max size").then_some(())?;
    text.split(|other: char| !other.is_ascii_digit()).rfind(|digits| !digits.is_empty())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::protocol::AMQPError;

    fn client(kind: impl Into<AMQPErrorKind>, text: &str) -> lapin::Error {
        ErrorKind::ProtocolError(AMQPError::new(kind.into(), text.into())).into()
    }

    #[test]
    fn what_does_not_go_away_by_itself_is_told_apart() {
        let check = |error: &lapin::Error| {
            let error = of_client("amqp://host:1", error);
            (error.kind(), error.code().to_owned())
        };
        let refused = (Kind::Forbidden, "AW2021".to_owned());
        assert_eq!(check(&client(AMQPSoftError::ACCESSREFUSED, "no")), refused);
        assert_eq!(check(&client(AMQPHardError::NOTALLOWED, "no such vhost")), refused);
        let conflict = (Kind::Conflict, "AW2021".to_owned());
        assert_eq!(check(&client(AMQPSoftError::PRECONDITIONFAILED, "inequivalent arg")), conflict);
        assert_eq!(check(&client(AMQPSoftError::NOTFOUND, "no exchange")), conflict);
        let away = (Kind::Unavailable, "AW2020".to_owned());
        assert_eq!(check(&client(AMQPHardError::CONNECTIONFORCED, "shutdown")), away);
        assert_eq!(check(&ErrorKind::MissingHeartbeatError.into()), away);
    }

    #[test]
    fn the_brokers_limit_is_read_from_its_words() {
        let text = "message size 134217729 is larger than configured max size 134217728";
        assert_eq!(limit_of(&client(AMQPSoftError::PRECONDITIONFAILED, text)), Some(134_217_728));
        assert_eq!(limit_of(&client(AMQPSoftError::PRECONDITIONFAILED, "unknown delivery tag 7")), None);
    }
}
