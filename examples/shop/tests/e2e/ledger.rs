//! Everything a shop holds, read from its tables, and what must be true of it.

use std::collections::HashMap;
use std::path::Path;

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
        let url = match &home.data {
            Data::Folder(folder) => database(folder),
            Data::Postgres(url) => url.clone(),
        };
        Self::read_of([&url, &url, &url, &url]).await
    }

    /// Reads what the slices `order`, `payment`, `inventory` and `notification`
    /// keep, each in its own database.
    pub(crate) async fn read_of([order, payment, inventory, notification]: [&str; 4]) -> Self {
        install_default_drivers();
        let orders = rows(order, "SELECT id, status, payment_id, lines FROM orders").await;
        let payments = rows(payment, "SELECT id, order_id, status FROM payments").await;
        let stock = rows(inventory, "SELECT sku, reserved FROM stock").await;
        let notes = rows(notification, "SELECT order_id, topic FROM notifications").await;
        Self {
            orders: orders.iter().map(|row| (row.get(0), Order::read(row))).collect(),
            payments: payments.iter().map(|row| (row.get(0), Payment::read(row))).collect(),
            reserved: stock.iter().map(|row| (row.get(0), row.get(1))).collect(),
            notes: notes.iter().map(|row| (row.get(0), row.get(1))).collect(),
        }
    }

    /// What holds of every shop that has nothing more to do.
    pub(crate) fn assert_settled(&self) {
        assert_eq!(self.faults(), [""; 0]);
    }

    /// What does not hold of it.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut hold = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        for (id, payment) in &self.payments {
            let order = self.orders.get(&payment.order);
            let ours = order.filter(|order| order.payment.as_ref() == Some(id));
            let wanted = ours.is_some_and(|order| ["paid", "confirmed"].contains(&order.status.as_str()));
            let place = format!("payment {id} is {}, of order {}", payment.status, payment.order);
            hold((payment.status == "settled") == wanted, place);
        }
        let mut confirmed = HashMap::<&str, i64>::new();
        for (id, order) in &self.orders {
            hold(order.status != "paid", format!("order {id} was left behind"));
            let told = self.notes.iter().filter(|(order, _)| order == id).map(|(_, topic)| topic.as_str());
            let mut told: Vec<_> = told.collect();
            told.sort_unstable();
            // A checkout that did not learn that its order was confirmed undoes it.
            let fine: &[&[&str]] = match order.status.as_str() {
                "confirmed" => &[&["confirmed"]],
                "cancelled" => &[&["cancelled"], &["cancelled", "confirmed"]],
                _ => &[&[]],
            };
            hold(fine.contains(&&*told), format!("order {id} is {}: {told:?}", order.status));
            for (sku, quantity) in order.lines.iter().filter(|_| order.status == "confirmed") {
                *confirmed.entry(sku).or_default() += quantity;
            }
        }
        for (sku, reserved) in &self.reserved {
            let confirmed = confirmed.get(sku.as_str()).copied().unwrap_or_default();
            hold(
                *reserved == confirmed,
                format!("{sku}: {reserved} reserved, {confirmed} in confirmed orders"),
            );
        }
        faults
    }
}

/// The address of the database in a folder.
pub(crate) fn database(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("shop.db").display())
}

async fn rows(url: &str, sql: &'static str) -> Vec<AnyRow> {
    let mut connection = AnyConnection::connect(url).await.expect("the database is there");
    let rows = query(sql).fetch_all(&mut connection).await.expect("the tables are there");
    connection.close().await.expect("it was open");
    rows
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
