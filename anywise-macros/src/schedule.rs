//! `#[schedule("0 3 * * *")]`: a function that runs by the clock.
//!
//! It is a listener of the stock event `Tick`, of which each scheduled function gets its own alone. The line is read by core at
//! start-up; here it is only a text of the right length.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::LitStr;
use syn::parse::{ParseStream, Parser as _};

use crate::entry;
use crate::errors::Errors;
use crate::listen;
use crate::settings::{self, Settings};
use crate::signature::{Function, Source};

/// The expansion of `#[schedule(arguments)]` on `item`.
pub(crate) fn schedule(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    entry::beside("scheduled function", item, |source, errors| block(arguments, source, errors))
}

fn block(arguments: TokenStream, source: &Source, errors: &mut Errors) -> TokenStream {
    let function = Function::new("scheduled function", source, None, errors);
    let (line, keys) = match split.parse2(arguments) {
        Ok(parts) => parts,
        Err(error) => {
            errors.add(error);
            return TokenStream::new();
        }
    };
    let fields = line.value().split_ascii_whitespace().count();
    if fields != 5 && !line.value().starts_with('@') {
        errors.help(
            &line,
            format!("{} must have a cron line of five fields, not {fields}", function.subject),
            "write minute, hour, day of the month, month, day of the week, as in `#[schedule(\"0 3 * * *\")]`; times are UTC",
        );
    }
    let mut settings = Settings::read(&function, settings::KEYS, keys, errors);
    function.check_message(&source.signature, errors);
    match function.params.first() {
        Some(message) if errors.is_empty() => {
            settings.schedule = Some(line);
            listen::expand(&function, message, &settings)
        }
        _ => TokenStream::new(),
    }
}

/// The cron line, and the keys behind it.
fn split(input: ParseStream<'_>) -> syn::Result<(LitStr, TokenStream)> {
    let line: LitStr = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "a scheduled function must say when it runs\nhelp: write a cron line first, as in `#[schedule(\"0 3 * * *\")]`",
        )
    })?;
    if !input.is_empty() {
        input.parse::<syn::Token![,]>()?;
    }
    Ok((line, input.parse()?))
}

/// The call on the entry, and the question whether the first parameter is a tick.
pub(crate) fn tokens(line: &LitStr) -> TokenStream {
    quote_spanned!(proc_macro2::Span::mixed_site()=> .schedule(#line))
}
