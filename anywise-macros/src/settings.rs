//! The keys that `#[handler]` and `#[listen]` share: how long, how many at once, on which thread.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;
use syn::parse::ParseStream;

use crate::duration;
use crate::errors::Errors;
use crate::facade::Facade;
use crate::keys::Key;
use crate::signature::Function;
use crate::{keys, schedule};

/// The keys of handlers, and of what runs by the clock.
pub(crate) const KEYS: &[&str] = &["timeout", "concurrency", "blocking", "crate"];
/// The keys of listeners.
pub(crate) const LISTEN: &[&str] = &["timeout", "concurrency", "blocking", "requires", "crate"];
/// What a listener may require.
const REQUIREMENTS: &[&str] = &["durable", "ordered", "replay"];

/// The settings of one function that receives messages.
pub(crate) struct Settings {
    /// The path of the hidden support module.
    pub(crate) private: TokenStream,
    /// Whether the function runs on a thread that may block.
    pub(crate) blocking: bool,
    /// When a scheduled function runs.
    pub(crate) schedule: Option<LitStr>,
    timeout: Option<u64>,
    concurrency: Option<u32>,
    requires: Vec<Ident>,
}

impl Settings {
    /// Reads and checks the keys of `function`, of those that are legal.
    pub(crate) fn read(
        function: &Function,
        legal: &[&str],
        arguments: TokenStream,
        errors: &mut Errors,
    ) -> Self {
        let (mut timeout, mut concurrency, mut blocking, mut facade) = (None, None, None, None);
        let mut requires = Vec::new();
        keys::read(&function.subject, legal, arguments, errors, |key, input, errors| {
            match key.name.to_string().as_str() {
                "timeout" => timeout = Some(duration::milliseconds(key, input)?),
                "concurrency" => concurrency = Some(key.positive(input, "concurrency = 8")?),
                "blocking" => blocking = Some((key.flag(input)?, key.name.clone())),
                "requires" => requires = requirements(key, input, errors)?,
                _ => facade = Some(key.value(input, "crate = path")?),
            }
            Ok(())
        });
        if let Some((_, name)) = blocking.as_ref().filter(|_| function.is_async) {
            errors.help(
                name,
                format!("{} must not be both `async` and `blocking`", function.subject),
                "write `fn` without `async` to run it on a thread that may block, or remove `blocking`",
            );
        }
        let private = Facade::new(facade.as_ref()).private();
        Self { private, blocking: blocking.is_some(), schedule: None, timeout, concurrency, requires }
    }

    /// The calls on the entry.
    pub(crate) fn tokens(&self) -> TokenStream {
        let at = Span::mixed_site();
        let timeout = self.timeout.map(|milliseconds| {
            let milliseconds = proc_macro2::Literal::u64_unsuffixed(milliseconds);
            quote_spanned!(at=> .timeout_ms(#milliseconds))
        });
        let concurrency = self.concurrency.map(|limit| {
            let limit = proc_macro2::Literal::u32_unsuffixed(limit);
            quote_spanned!(at=> .concurrency(#limit))
        });
        let blocking = self.blocking.then(|| quote_spanned!(at=> .blocking()));
        let schedule = self.schedule.as_ref().map(schedule::tokens);
        let requires = (!self.requires.is_empty()).then(|| {
            let (p, requires) = (&self.private, &self.requires);
            quote_spanned!(at=> .requires(&[#(#p::Requirement::#requires),*]))
        });
        quote_spanned!(at=> #timeout #concurrency #blocking #schedule #requires)
    }
}

/// What is required, as the variants of core are called.
fn requirements(key: &Key<'_>, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Ident>> {
    const EXAMPLE: &str = "requires(durable, ordered)";
    let names: Vec<Ident> = key.values(input, EXAMPLE)?;
    let mut variants = Vec::new();
    for name in names {
        let variant = match name.to_string().as_str() {
            "durable" => "Durable",
            "ordered" => "Ordered",
            "replay" => "Replay",
            _ => {
                errors.add(key.error(&name, &format!("some of {}", keys::list(REQUIREMENTS)), EXAMPLE));
                continue;
            }
        };
        variants.push(Ident::new(variant, Span::mixed_site()));
    }
    Ok(variants)
}
