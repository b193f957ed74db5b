//! A second slice beside [`far`](crate::far): another group, which has a share
//! of its own of everything.

use anywise::prelude::*;
use anywise_sql::{Any, Tx};

use crate::slice::Moved;

anywise::slice!(pub(crate) YONDER = "yonder", "Writes down what it hears of rows, for itself.");

anywise_sql::migrations!("yonder", [
    "0001_effect" => {
        sqlite: "CREATE TABLE yonder_effect (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, k TEXT NOT NULL, \
                 seq BIGINT NOT NULL, amount BIGINT NOT NULL)",
        postgres: "CREATE TABLE yonder_effect (n BIGINT GENERATED ALWAYS AS IDENTITY, id TEXT NOT NULL, k TEXT NOT NULL, \
                   seq BIGINT NOT NULL, amount BIGINT NOT NULL)",
    },
]);

/// Writes a row that nothing keeps from being there twice.
#[listen]
async fn write(event: &Moved, tx: &mut Tx<Any>) -> Result<()> {
    sqlx::query("INSERT INTO yonder_effect (id, k, seq, amount) VALUES ($1, $2, $3, $4)")
        .bind(&event.id)
        .bind(&event.key)
        .bind(event.seq)
        .bind(event.amount)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
