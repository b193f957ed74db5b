//! What librdkafka says went wrong, as an error of ours.
//!
//! The kind tells core whether trying again may help: `Unavailable` it may,
//! anything else it will not.

use anywise_core::{Error, Kind};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// The broker is away, or did not do what was asked of it in time.
pub(crate) fn away(brokers: &str, what: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "AW2020", format!("Kafka at {brokers} {what}: {why}"))
}

/// What will not go away by itself.
pub(crate) fn refused(kind: Kind, why: impl std::fmt::Display) -> Error {
    Error::new(kind, "AW2021", why.to_string())
}

/// What can be lost although it was confirmed.
pub(crate) fn weak(why: impl Into<String>) -> Error {
    Error::new(Kind::Unprocessable, "AW3023", why.into())
}

/// A name that Kafka does not take.
pub(crate) fn unnameable(why: impl Into<String>) -> Error {
    Error::new(Kind::Unprocessable, "AW2022", why.into())
}

pub(crate) fn too_large(size: usize, most: usize) -> Error {
    Error::new(Kind::TooLarge, "AW2006", format!("the body has {size} bytes; Kafka takes at most {most}"))
}

/// An error of the client, while `what` was being done.
pub(crate) fn of(brokers: &str, what: &str, error: &KafkaError) -> Error {
    let text = || format!("Kafka at {brokers} {what}: {error}");
    if let KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) = error {
        // The value may be a secret.
        let named = match error {
            KafkaError::ClientConfig(_, why, name, _) => format!("property `{name}`: {why}"),
            other => other.to_string(),
        };
        return refused(Kind::Unprocessable, format_args!("the Kafka client cannot be set up: {named}"));
    }
    match error.rdkafka_error_code().and_then(refusal) {
        Some(kind @ Kind::TooLarge) => Error::new(kind, "AW2006", text()),
        Some(kind) => refused(kind, text()),
        None => Error::new(Kind::Unavailable, "AW2020", text()),
    }
}

/// The kind of a refusal for good; nothing if trying again may help.
pub(crate) fn refusal(code: RDKafkaErrorCode) -> Option<Kind> {
    use RDKafkaErrorCode as Code;
    match code {
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => Some(Kind::Unauthenticated),
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => Some(Kind::Forbidden),
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => Some(Kind::TooLarge),
        Code::InvalidTopic
        | Code::InvalidPartitions
        | Code::InvalidReplicationFactor
        | Code::InvalidConfig
        | Code::InvalidArgument
        | Code::PolicyViolation
        | Code::InconsistentGroupProtocol
        | Code::InvalidSessionTimeout
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::SSL => Some(Kind::Unprocessable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_go_away_is_told_from_what_will_not() {
        let check = |error: KafkaError, expected: (Kind, &str)| {
            let error = of("a:1", "does not answer", &error);
            assert_eq!((error.kind(), error.code()), expected, "{error}");
        };
        check(
            KafkaError::MetadataFetch(RDKafkaErrorCode::BrokerTransportFailure),
            (Kind::Unavailable, "AW2020"),
        );
        check(
            KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut),
            (Kind::Unavailable, "AW2020"),
        );
        check(
            KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge),
            (Kind::TooLarge, "AW2006"),
        );
        check(KafkaError::MetadataFetch(RDKafkaErrorCode::Authentication), (Kind::Unauthenticated, "AW2021"));
        check(
            KafkaError::ConsumerCommit(RDKafkaErrorCode::GroupAuthorizationFailed),
            (Kind::Forbidden, "AW2021"),
        );
    }

    #[test]
    fn a_wrong_property_is_named_and_its_value_is_not() {
        let config = KafkaError::ClientConfig(
            rdkafka::types::RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
            "bad".into(),
            "sasl.password".into(),
            "hunter2".into(),
        );
        let error = of("a:1", "", &config).to_string();
        assert!(error.contains("sasl.password") && !error.contains("hunter2"), "{error}");
    }
}
