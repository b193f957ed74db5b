//! Everything a shop holds, read from its tables, and what must be true of it.

use std::collections::HashMap;

use anywise::sql::sqlx::any::{AnyRow, install_default_drivers};
use anywise::sql::sqlx::{AnyConnection, Connection as _, Row as _, query};
use serde_json::Value;
use shop::Data;

use crate::home::Home;

/// Everything a shop holds.
pub(crate) struct Ledger {
    pub(crate) orders: HashMap<String, Order>,
    pub(crate) payments: HashMap<String, Payment>,
    /// What is reserved, by what.
    reserved: HashMap<String, i64>,
    /// Order and topic.
    notes: Vec<(String, String)>,
}

pub(crate) struct Order {
    pub(crate) status: String,
    payment: Option<String>,
    lines: Vec<(String, i64)>,
}

pub(crate) struct Payment {
    order: String,
    status: String,
}

impl Ledger {
    /// Reads it. The shop must not be running, unless its server is.
    pub(crate) async fn read(home: &Home) -> Self {
        install_default_drivers();
        let url = match &home.data {
            Data::Folder(folder) => format!("sqlite://{}", folder.join("shop.db").display()),
            Data::Postgres(url) => url.clone(),
        };
        let mut connection = AnyConnection::connect(&url).await.expect("the database is there");
        let mut rows = async |sql| query(sql).fetch_all(&mut connection).await.expect("the tables are there");
        let orders = rows("SELECT id, status, payment_id, lines FROM orders").await;
        let payments = rows("SELECT id, order_id, status FROM payments").await;
        let stock = rows("SELECT sku, reserved FROM stock").await;
        let notes = rows("SELECT order_id, topic FROM notifications").await;
        Self {
            orders: orders.iter().map(|row| (row.get(0), Order::read(row))).collect(),
            payments: payments.iter().map(|row| (row.get(0), Payment::read(row))).collect(),
            reserved: stock.iter().map(|row| (row.get(0), row.get(1))).collect(),
            notes: notes.iter().map(|row| (row.get(0), row.get(1))).collect(),
        }
    }

    /// What holds of every shop that has nothing more to do.
    pub(crate) fn assert_settled(&self) {
        for (id, payment) in &self.payments {
            let order = &self.orders[&payment.order];
            let ours = order.payment.as_ref() == Some(id);
            let wanted = ours && ["paid", "confirmed"].contains(&order.status.as_str());
            assert_eq!(payment.status == "settled", wanted, "payment {id}, order {}", payment.order);
        }
        let mut confirmed = HashMap::<&str, i64>::new();
        for (id, order) in &self.orders {
            assert_ne!(order.status, "paid", "order {id} was left behind");
            let told = self.notes.iter().filter(|(order, _)| order == id).map(|(_, topic)| topic.as_str());
            let expected = Some(order.status.as_str()).filter(|status| *status != "pending");
            assert_eq!(told.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>(), "order {id}");
            for (sku, quantity) in order.lines.iter().filter(|_| order.status == "confirmed") {
                *confirmed.entry(sku).or_default() += quantity;
            }
        }
        for (sku, reserved) in &self.reserved {
            let confirmed = confirmed.get(sku.as_str()).copied().unwrap_or_default();
            assert_eq!(*reserved, confirmed, "{sku}: reserved, and in confirmed orders");
        }
    }
}

impl Order {
    fn read(row: &AnyRow) -> Self {
        let lines: Value = serde_json::from_str(row.get(3)).expect("lines are JSON");
        let line = |line: &Value| {
            let sku = line["sku"].as_str().expect("a line has a sku").to_owned();
            (sku, line["quantity"].as_i64().expect("a line has a quantity"))
        };
        let lines = lines.as_array().expect("a list").iter().map(line).collect();
        Self { status: row.get(1), payment: row.get(2), lines }
    }
}

impl Payment {
    fn read(row: &AnyRow) -> Self {
        Self { order: row.get(1), status: row.get(2) }
    }
}
