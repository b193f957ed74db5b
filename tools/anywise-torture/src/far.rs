//! The application on the other side of a broker: it hears what the slice
//! `torture` says, and writes it down in a database of its own.
//!
//! Nothing is done here when there is no broker.

use anywise::prelude::*;
use anywise_sql::{Any, Tx};

use crate::slice::Moved;

anywise::slice!(pub(crate) FAR = "far", "Writes down what it hears of rows.");

anywise_sql::migrations!("far", [
    "0001_effect" => {
        sqlite: "CREATE TABLE far_effect (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, k TEXT NOT NULL, \
                 seq BIGINT NOT NULL, amount BIGINT NOT NULL)",
        postgres: "CREATE TABLE far_effect (n BIGINT GENERATED ALWAYS AS IDENTITY, id TEXT NOT NULL, k TEXT NOT NULL, \
                   seq BIGINT NOT NULL, amount BIGINT NOT NULL)",
    },
]);

/// Writes a row that nothing keeps from being there twice.
#[listen]
async fn write(event: &Moved, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("INSERT INTO far_effect (id, k, seq, amount) VALUES ($1, $2, $3, $4)")
        .bind(&event.id)
        .bind(&event.key)
        .bind(event.seq)
        .bind(event.amount)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
