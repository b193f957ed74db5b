//! The program itself, as a process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::{Client, PATIENCE};

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("shop-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn shop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHOP_")) {
        command.env_remove(name);
    }
    command.args(arguments).kill_on_drop(true);
    command
}

pub(crate) async fn output(arguments: &[&str]) -> (Output, String) {
    let output = timeout(PATIENCE, shop(arguments).output()).await.expect("the program ends by itself");
    let output = output.expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let text = text.into_owned();
    (output, text)
}

/// Starts the program on a free port, which it prints.
async fn serving(data: &Folder) -> (Child, Client) {
    let mut command = shop(&["--port", "0", "--log", "warn"]);
    command.env("SHOP_DATA", &data.0).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let open = lines.next_line().await.expect("it can be read").expect("it prints where it is");
    let address = open.rsplit("http://").next().expect("a line has an end");
    let pages = lines.next_line().await.expect("it can be read").expect("it prints where its pages are");
    assert!(pages.ends_with(&format!("http://{address}/anywise/")), "{pages}");
    (child, Client::new(address.parse::<SocketAddr>().expect("an address")))
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let data = Folder::new("serves");
    let (mut child, client) = serving(&data).await;
    assert!(data.0.is_dir(), "the folder for data is created");

    client.put("/stock/tea", json!({"on_hand": 1})).await.expect(200);
    let line = json!({"sku": "tea", "quantity": 1, "unit_price_cents": 450});
    let order: Value = client.post("/orders", json!({"customer": "ann", "lines": [line]})).await.expect(201);
    let payment = json!({"order_id": order["order_id"], "amount_cents": 450, "card": "tok_visa"});
    client.post("/payments", payment).await.expect(201);
    let path = format!("/orders/{}", order["order_id"].as_str().expect("an id is text"));
    client.eventually(&path, |order| order["status"] == "confirmed").await;
    assert_eq!(client.get("/anywise/").await.status, 200);

    let pid = child.id().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("there is `kill`");
    assert!(told.success());
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends in time").expect("it ends");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn it_writes_its_pages() {
    let out = Folder::new("docs");
    let (output, text) = output(&["docs", "--out", &out.0.to_string_lossy()]).await;
    assert!(output.status.success(), "{text}");
    for file in ["site/index.html", "markdown/README.md", "catalog.json"] {
        assert!(out.0.join(file).is_file(), "{file} is missing: {text}");
    }
}

#[tokio::test]
async fn it_prints_what_it_is_made_of() {
    let (output, text) = output(&["inspect", "--slices", "notification"]).await;
    assert!(output.status.success(), "{text}");
    assert!(text.contains("notification.ListNotifications"), "{text}");
}

#[tokio::test]
async fn it_says_what_is_wrong_with_its_command_line() {
    let check = async |arguments: &[&str], part: &str| {
        let (output, text) = output(arguments).await;
        assert!(!output.status.success() && text.contains(part), "{arguments:?}: {text}");
    };
    check(&["--slices", "odrer"], "order, payment, inventory, notification").await;
    check(&["--postgres", "postgres://x"], "--postgres comes with a later version").await;
    check(&["--nats", "nats://x"], "--nats comes with a later version").await;
    check(&["--slices", "payment"], "add the slice `order` to this process").await;
    check(&["--log", "shop=loud"], "--log").await;
    check(&["docs"], "--out").await;
    check(&["dlq", "list", "--port", "1"], "no shop listens on port 1").await;
    check(&["dlq", "show", "first"], "invalid digit").await;
}
