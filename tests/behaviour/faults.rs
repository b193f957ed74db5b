//! Declared errors: what they say of themselves, here and from another process.

use anywise::prelude::*;
use anywise::{BoxFuture, Envelope, Loopback, Remote, WireError};

anywise::slice!(SLICE = "till", "Takes money.");

/// Travels.
#[data]
#[derive(Clone, Debug, PartialEq, Fault)]
#[fault(wire)]
enum TillError {
    #[fault(kind = declined, code = "till.declined", message = "the card ending in {last} was declined")]
    Declined { last: u16, limit: Option<i64> },
    #[fault(kind = internal, code = "till.jammed", message = "drawer {0} jammed")]
    Jammed(u8),
    #[fault(transparent)]
    Stock(Short),
}

/// Travels under a name of its own.
#[data]
#[derive(Clone, Debug, PartialEq, Fault)]
#[fault(wire = "stock.Short", kind = conflict, code = "stock.short", message = "no more {0}")]
struct Short(String);

/// Stays at home.
#[derive(Debug, Fault)]
#[fault(kind = conflict, code = "till.closed", message = "the till is closed")]
struct Closed;

#[query(reply = ())]
#[derive(Clone)]
struct Charge {
    how: String,
}

#[handler]
fn charge(query: Charge) -> Result<()> {
    match query.how.as_str() {
        "declined" => Err(declined())?,
        "jammed" => Err(TillError::Jammed(2))?,
        "stock" => Err(TillError::Stock(Short("tea".into())))?,
        _ => Err(Closed)?,
    }
}

fn declined() -> TillError {
    TillError::Declined { last: 4242, limit: Some(i64::MAX) }
}

/// A remote whose errors cross as text, as they do between processes.
struct Far(Loopback);

impl Remote for Far {
    fn name(&self) -> &'static str {
        "far"
    }

    fn reaches(&self, message: &str) -> bool {
        self.0.reaches(message)
    }

    fn call(&self, request: Envelope) -> BoxFuture<'_, Result<bytes::Bytes>> {
        Box::pin(async move {
            self.0.call(request).await.map_err(|error| {
                let text = serde_json::to_string(&WireError::from(&error)).unwrap();
                serde_json::from_str::<WireError>(&text).unwrap().into()
            })
        })
    }
}

mod elsewhere {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "elsewhere", "Has no till.");

    #[query(reply = ())]
    struct Look;

    #[handler]
    fn look(_: Look) {}
}

async fn fail(how: &str) -> [Error; 2] {
    let there = App::builder().slices([SLICE]).build().await.unwrap();
    let here = App::builder().slices([elsewhere::SLICE]).remote(Far(Loopback::to(&there)));
    let here = here.build().await.unwrap();
    let message = Charge { how: how.into() };
    [there.send(message.clone()).await.unwrap_err(), here.send(message).await.unwrap_err()]
}

#[tokio::test]
async fn a_declared_error_is_given_back_from_another_process() {
    for error in fail("declined").await {
        assert_eq!((error.status(), error.code()), (402, "till.declined"));
        assert_eq!(error.downcast_ref(), Some(&declined()));
        assert_eq!(error.message(), "the card ending in 4242 was declined");
    }
    for error in fail("stock").await {
        assert_eq!((error.status(), error.code()), (409, "stock.short"));
        assert_eq!(error.downcast_ref(), Some(&TillError::Stock(Short("tea".into()))));
    }
    for error in fail("jammed").await {
        assert_eq!((error.code(), error.detail()), ("till.jammed", None));
        assert_eq!(error.downcast_ref(), Some(&TillError::Jammed(2)));
    }
}

#[tokio::test]
async fn an_error_that_is_not_declared_to_travel_keeps_kind_and_code() {
    let [here, far] = fail("closed").await;
    for error in [&here, &far] {
        assert_eq!((error.status(), error.code()), (409, "till.closed"));
        assert_eq!(error.detail(), Some("the till is closed"));
        assert_eq!(error.wire_fault(), None);
    }
    assert!(here.downcast_ref::<Closed>().is_some() && far.downcast_ref::<Closed>().is_none());
}

#[test]
fn its_name_on_the_wire_is_its_slices_or_the_one_it_was_given() {
    let name = |error: Error| error.wire_fault().unwrap().name;
    assert_eq!(name(declined().into()), "till.TillError");
    assert_eq!(name(Short("tea".into()).into()), "stock.Short");
}

#[test]
fn a_fault_whose_shape_has_changed_is_an_error_without_it() {
    let mut wire = WireError::from(&Error::from(declined()));
    wire.fault.as_mut().unwrap().value = serde_json::json!({"Declined": {"last": "4242"}});
    let error = Error::from(wire.clone());
    assert_eq!((error.status(), error.code()), (402, "till.declined"));
    assert_eq!(error.downcast_ref::<TillError>(), None);
    assert_eq!(WireError::from(&error), wire);
}

mod twins {
    use anywise::prelude::*;

    anywise::slice!(pub(super) SLICE = "twins", "Two faults of one name.");

    #[data]
    #[derive(Debug, Fault)]
    #[fault(wire = "Same", kind = internal, code = "twins.one", message = "one")]
    struct One;

    #[data]
    #[derive(Debug, Fault)]
    #[fault(wire = "twins.Same", kind = internal, code = "twins.two", message = "two")]
    struct Two;

    #[query(reply = ())]
    struct Ask;

    #[handler]
    fn ask(_: Ask) -> Result<()> {
        Err(One).or(Err(Two))?
    }
}

#[tokio::test]
async fn two_faults_of_one_name_are_refused_at_start_up() {
    let error = App::builder().slices([twins::SLICE]).build().await.unwrap_err();
    let [fault] = error.faults() else { panic!("{error}") };
    assert_eq!((fault.code, fault.sites.len()), ("AW4013", 2), "{fault:?}");
    assert!(fault.message.contains("`twins.Same`"), "{}", fault.message);
}
