//! The attributes of anywise. Use them through the facade; their guide is there.
//!
//! Each attribute is three steps: the item and the keys are parsed, a model checks them and collects every mistake, and a thin
//! expansion that cannot fail puts the user's own types into direct calls of core. So this crate translates and holds no
//! policy: it recognises no type by its spelling, knows no feature and decides nothing at run time.
//!
//! Expansions stand beside the user's item in a `const _` block; the item itself is emitted as it came in. When there is a
//! mistake the item stays and the block is left out, so that one mistake gives one message.

mod arguments;
mod config;
mod data;
mod docs;
mod duration;
mod entry;
mod errors;
mod facade;
mod fault;
mod guard;
mod handler;
mod handlers;
mod http;
mod keys;
mod listen;
mod message;
mod one_of;
mod parameter;
mod placeholders;
mod provide;
mod schedule;
mod settings;
mod signature;
mod subject;
mod target;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use crate::message::Kind;

/// Makes a struct or an enum a command: it asks one handler to change state.
///
/// Keys: `reply = Type` (default `()`), `name = "slice.Name"`, `version = 2`, `aliases("old.Name")`, `key = field`,
/// `family(Marker)`, `local`, `http = "POST /path/{field}"` or `http("POST /path", status = 201, location = "/path/{id}")`,
/// `crate = path`. Write it above any `#[derive]`: the derives a message needs are added unless they are already there.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    message::message(Kind::Command, arguments.into(), &item.into()).into()
}

/// Makes a struct or an enum a query: it asks one handler for present state and changes nothing.
///
/// Keys: those of `#[command]`.
#[proc_macro_attribute]
pub fn query(arguments: TokenStream, item: TokenStream) -> TokenStream {
    message::message(Kind::Query, arguments.into(), &item.into()).into()
}

/// Makes a struct or an enum an event: it says that something happened.
///
/// Keys: those of `#[command]` without `reply` and `http`.
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    message::message(Kind::Event, arguments.into(), &item.into()).into()
}

/// Gives plain data inside messages and replies the derives it needs. Keys: `crate = path`.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    data::data(arguments.into(), &item.into()).into()
}

/// Makes an enum of messages a first parameter, so that one function receives several. Keys: `crate = path`.
#[proc_macro_attribute]
pub fn one_of(arguments: TokenStream, item: TokenStream) -> TokenStream {
    one_of::one_of(arguments.into(), &item.into()).into()
}

/// Makes a struct the configuration below a prefix. Keys: `prefix = "payment"`, `crate = path`.
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    config::config(arguments.into(), &item.into()).into()
}

/// Makes a function the handler of the command or query that is its first parameter.
///
/// Keys: `timeout = "5s"`, `concurrency = 8`, `blocking` (a `fn` on a thread that may block), `crate = path`.
#[proc_macro_attribute]
pub fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::handler(arguments.into(), &item.into()).into()
}

/// Makes a function a listener to the event that is its first parameter. Keys: those of `#[handler]`.
#[proc_macro_attribute]
pub fn listen(arguments: TokenStream, item: TokenStream) -> TokenStream {
    listen::listen(arguments.into(), &item.into()).into()
}

/// Makes a function run by the clock: `#[schedule("0 3 * * *")]`, a cron line of five fields, in UTC.
///
/// Its first parameter is `Tick`. Keys, behind the line: those of `#[handler]`.
#[proc_macro_attribute]
pub fn schedule(arguments: TokenStream, item: TokenStream) -> TokenStream {
    schedule::schedule(arguments.into(), &item.into()).into()
}

/// Makes a function a guard: it runs before handlers and listeners, may refuse and may provide a value.
///
/// Keys: at most one target of `all`, `slice`, `family = Marker`, `messages(First, Second)`, with any of `commands`, `queries`,
/// `events`; `order = n`, `around` (takes `Next` last), `timeout = "1s"`, `crate = path`. Without a target the first parameter
/// is the message it guards.
#[proc_macro_attribute]
pub fn guard(arguments: TokenStream, item: TokenStream) -> TokenStream {
    guard::guard(arguments.into(), &item.into()).into()
}

/// Makes a function the builder of a dependency out of others, once, at start-up. Keys: `crate = path`.
#[proc_macro_attribute]
pub fn provide(arguments: TokenStream, item: TokenStream) -> TokenStream {
    provide::provide(arguments.into(), &item.into()).into()
}

/// Makes the methods of an `impl` block that carry `#[handler]`, `#[listen]` or `#[guard]` share `&self` as a dependency.
///
/// Keys: `crate = path`.
#[proc_macro_attribute]
pub fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handlers::handlers(arguments.into(), &item.into()).into()
}

/// Makes an enum or a struct an error with a kind and a stable code.
///
/// `#[fault(kind = not_found, code = "payment.unknown", message = "no payment {id}", detail = "words for the caller")]` stands on
/// each variant, or on the struct; `kind` on an enum is the default of its variants. With `message` the derive also implements
/// `Display` and `Error`; a field named `source` or marked `#[source]` is the cause. A field marked `#[fields]`, a list of
/// `FieldFault`, says which fields of the message are at fault.
#[proc_macro_derive(Fault, attributes(fault, source, fields))]
pub fn fault(item: TokenStream) -> TokenStream {
    fault::fault(&item.into()).into()
}
