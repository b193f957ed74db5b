//! Errors.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, clippy::pedantic, unreachable_pub, unused_qualifications)]

use anywise::prelude::*;
use std::error::Error as _;

/// Ways to fail.
#[derive(Debug, Fault)]
#[fault(kind = declined)]
pub enum PaymentError {
    /// Named.
    #[fault(code = "payment.declined", message = "declined for {order:?} {{}}", detail = "order {order}")]
    Declined {
        /// The order.
        order: u64,
        /// Not shown.
        card: String,
    },
    /// Numbered.
    #[fault(kind = unavailable, code = "payment.gateway", message = "{1} said {0:>3}")]
    Gateway(u8, String),
    /// Caused.
    #[fault(kind = internal, code = "payment.store", message = "store")]
    Store {
        /// The cause.
        source: std::fmt::Error,
    },
    /// Caused by something in a box.
    #[fault(kind = internal, code = "payment.wire", message = "wire")]
    Wire(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Fields.
    #[fault(kind = unprocessable, code = "payment.invalid", message = "{0} fields")]
    Invalid(usize, #[fields] Vec<anywise::FieldFault>),
    /// Nothing.
    #[fault(code = "payment.nothing", message = "nothing")]
    Nothing,
}

/// Travels to other processes.
#[data]
#[derive(Debug, Fault)]
#[fault(wire, kind = conflict, code = "payment.closed", message = "closed")]
pub struct Closed;

/// Travels to other processes under a name of its own.
#[data]
#[derive(Debug, Fault)]
#[fault(wire = "payment.Over")]
pub enum Over {
    /// At some time.
    #[fault(kind = conflict, code = "payment.over", message = "over since {since}")]
    Since {
        /// When.
        since: u32,
    },
}

/// Another error as it is.
#[derive(Debug, Fault)]
pub enum CheckoutError {
    /// Words of its own.
    #[fault(kind = conflict, code = "checkout.twice", message = "twice")]
    Twice,
    /// One that declares itself.
    #[fault(transparent)]
    Payment(PaymentError),
    /// One that does not.
    #[fault(transparent)]
    Number {
        /// The error.
        error: std::num::ParseIntError,
    },
}

fn checkout(declined: bool) -> Result<i32, CheckoutError> {
    if declined {
        Err(PaymentError::Gateway(5, "it".to_owned()))?;
    }
    Ok("x".parse::<i32>()?)
}

/// One way to fail.
#[derive(Debug, Fault)]
#[fault(kind = not_found, code = "payment.unknown", message = "no payment {id}")]
pub struct Unknown {
    id: u64,
}

/// With words of its own.
#[derive(Debug, Fault)]
#[fault(kind = conflict, code = "payment.twice")]
pub struct Twice;

impl std::fmt::Display for Twice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("twice")
    }
}

impl std::error::Error for Twice {}

fn main() {
    let declined = PaymentError::Declined { order: 7, card: String::new() };
    assert_eq!(declined.to_string(), "declined for 7 {}");
    let error = Error::from(declined);
    assert_eq!((error.kind(), error.code(), error.detail()), (Kind::Declined, "payment.declined", Some("order 7")));
    assert_eq!(PaymentError::Gateway(5, "it".to_owned()).to_string(), "it said   5");
    assert!(PaymentError::Store { source: std::fmt::Error }.source().is_some());
    assert_eq!(PaymentError::Wire("cable".into()).source().map(ToString::to_string).as_deref(), Some("cable"));
    assert!(PaymentError::Nothing.source().is_none());
    let invalid = Error::from(PaymentError::Invalid(1, vec![anywise::FieldFault::new("/amount", "is negative")]));
    assert_eq!(invalid.fields()[0].pointer, "/amount");
    assert_eq!(Unknown { id: 3 }.to_string(), "no payment 3");
    assert_eq!(Error::from(Twice).code(), "payment.twice");
    let error = Error::from(checkout(true).expect_err("it is declined"));
    assert_eq!((error.kind(), error.code(), error.message()), (Kind::Unavailable, "payment.gateway", "it said   5"));
    let error = Error::from(checkout(false).expect_err("it is no number"));
    assert_eq!((error.kind(), error.code(), error.detail()), (Kind::Internal, "AW1500", None));
    assert_eq!(Error::from(CheckoutError::Twice).status(), 409);
}
