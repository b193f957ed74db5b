//! Values from the context of a message: headers, principal, deadline, ids, and one of our own.

use std::time::Duration;

use anywise::prelude::*;
use anywise::{FromContext, Scope};

anywise::slice!(SLICE = "desk", "Answers questions.");

/// Ask something.
#[query(reply = String)]
struct Ask {
    question: String,
}

/// The tenant that the caller named: every type that is `FromContext` may be taken by value.
struct Tenant(String);

impl FromContext for Tenant {
    fn from_context(scope: &mut Scope<'_>) -> Result<Self> {
        let missing = || Error::new(Kind::Invalid, "desk.no_tenant", "header `tenant` is missing");
        scope.header("tenant").map(|name| Self(name.to_owned())).ok_or_else(missing)
    }
}

/// A guard that returns a `Principal` sets it; it travels with every message caused by this one.
#[guard(slice)]
fn signed_in(Header(auth): Header<Authorization>) -> Result<Principal> {
    match auth.bearer() {
        Some(name) => Ok(Principal::new(name).with_scopes(["ask"])),
        None => Err(Error::new(Kind::Unauthenticated, "desk.no_token", "a bearer token, please")),
    }
}

#[handler(timeout = "2s")]
async fn ask(query: Ask, who: Principal, tenant: Tenant, deadline: Deadline, cx: Context) -> Result<String> {
    if !who.has_scope("ask") {
        return Err(Error::new(Kind::Forbidden, "desk.may_not_ask", "not for you"));
    }
    // The sooner one of the sender's deadline and the timeout above.
    let left = deadline.remaining().unwrap_or_default();
    assert!(left <= Duration::from_millis(500));
    tokio::task::yield_now().await;
    Ok(format!("{} of {} asks {} ({})", who.id(), tenant.0, query.question, cx.name()))
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().slices([SLICE]).build().await?;
    let answer = app
        .send(Ask { question: "why?".into() })
        .header("authorization", "Bearer ann")
        .header("tenant", "acme")
        .deadline(Duration::from_millis(500))
        .await?;
    assert_eq!(answer, "ann of acme asks why? (desk.Ask)");

    let result = app.send(Ask { question: "why?".into() }).header("authorization", "Bearer ann").await;
    assert_eq!(result.expect_err("it has no tenant").code(), "desk.no_tenant");
    Ok(())
}
