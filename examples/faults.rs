//! Faults: errors with a kind and a stable code, which `?` keeps.

use anywise::prelude::*;

anywise::slice!(SLICE = "library", "Lends books.");

/// Lend a book.
#[command]
struct Lend {
    book: String,
    copies: String,
}

/// What may go wrong. The kind decides status and retry, the code is stable,
/// the message is for the log, the detail for the caller.
#[derive(Debug, Fault)]
enum LendError {
    #[fault(kind = not_found, code = "library.no_such_book", message = "there is no book `{0}`")]
    NoSuchBook(String),
    #[fault(
        kind = unavailable,
        code = "library.closed",
        message = "the shelf server at {host} does not answer",
        detail = "the library is closed at the moment"
    )]
    Closed { host: &'static str },
}

fn find(book: &str) -> Result<(), LendError> {
    match book {
        "Dune" => Ok(()),
        "Emma" => Err(LendError::Closed { host: "shelf-3" }),
        _ => Err(LendError::NoSuchBook(book.into())),
    }
}

#[handler]
fn lend(cmd: &Lend) -> Result<()> {
    find(&cmd.book)?; // keeps kind and code: `LendError` is a declared fault
    let _copies: u8 = cmd.copies.parse()?; // any other error is an internal one
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<()> {
    let app = App::builder().slices([SLICE]).build().await?;
    let lend = |book: &str, copies: &str| app.send(Lend { book: book.into(), copies: copies.into() });
    lend("Dune", "1").await?;

    let error = lend("Duna", "1").await.expect_err("it is misspelt");
    assert_eq!((error.kind(), error.code(), error.status()), (Kind::NotFound, "library.no_such_book", 404));
    assert_eq!(error.detail(), Some("there is no book `Duna`"), "a caller's fault may be read by the caller");
    assert!(matches!(error.downcast_ref(), Some(LendError::NoSuchBook(book)) if book == "Duna"));

    let error = lend("Emma", "1").await.expect_err("the server is away");
    assert!(error.kind().is_retryable());
    assert_eq!(error.message(), "the shelf server at shelf-3 does not answer", "for the log");
    assert_eq!(error.detail(), Some("the library is closed at the moment"), "for the caller");

    let error = lend("Dune", "many").await.expect_err("that is no number");
    assert_eq!((error.kind(), error.code(), error.detail()), (Kind::Internal, "AW1500", None));
    println!("{error:?}");
    Ok(())
}
