//! `shop dlq` and `shop depth`: what waits, and what to do about dead letters,
//! on the command line.
//!
//! A running shop is asked over its operations pages, because a store may have
//! only one process; if none runs, the store is opened.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use anywise::DeadLetterId;
use anywise_docs::dead_letter_json;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Options;
use crate::operations::client::Client;
use crate::operations::desk::Desk;

/// What to do about dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List the open dead letters, newest first
    List,
    /// Print one with everything known of it, as JSON
    Show {
        /// Its number
        id: DeadLetterId,
    },
    /// Deliver one again, with a fresh budget of attempts
    Replay {
        /// Its number
        id: DeadLetterId,
        /// Deliver it with this file as its body
        #[arg(long, value_name = "FILE")]
        body: Option<PathBuf>,
    },
    /// Give one up for good; what waits behind its key goes on
    Discard {
        /// Its number
        id: DeadLetterId,
    },
    /// List the keys that dead letters park
    Keys,
}

/// Does it, and says what is to be printed.
pub(crate) async fn dlq(what: Dlq, options: &Options) -> Result<String, Box<dyn Error>> {
    let counter = Counter::find(options).await?;
    let said = counter.dlq(what).await;
    counter.close().await?;
    said
}

/// What waits, by target.
pub(crate) async fn depth(options: &Options) -> Result<String, Box<dyn Error>> {
    let counter = Counter::find(options).await?;
    let waiting = counter.waiting(None).await;
    counter.close().await?;
    let columns = ["target", "ready", "scheduled", "retrying", "claimed", "blocked", "dead", "oldest_ms"];
    Ok(table(&columns, rows(&waiting?["depth"], &columns)))
}

/// Who is asked.
enum Counter {
    /// A shop that runs.
    Running(Client),
    /// The store, which no shop uses.
    Store(Desk),
}

impl Counter {
    async fn find(options: &Options) -> Result<Self, Box<dyn Error>> {
        if let Some(client) = Client::find(options.port).await? {
            return Ok(Self::Running(client));
        }
        let data = options.data();
        if !data.exists() {
            let port = options.port;
            let (port, folder) = (options.port, options.data.display());
            return Err(
                format!("no shop listens on port {port}, and there is no shop's data in {folder}").into()
            );
        }
        let store = data.open().await?;
        store.open(&options.slices().map(|slice| slice.name()).collect::<Vec<_>>()).await?;
        Ok(Self::Store(Desk::on(store)))
    }

    async fn dlq(&self, what: Dlq) -> Result<String, Box<dyn Error>> {
        match what {
            Dlq::List => Ok(list(&self.letters().await?)),
            Dlq::Keys => Ok(keys(&self.letters().await?)),
            Dlq::Show { id } => Ok(printable(&format!("{:#}\n", self.letter(id).await?))),
            Dlq::Discard { id } => self.order("discard", id, None).await,
            Dlq::Replay { id, body } => {
                let body = body.map(|file| {
                    std::fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))
                });
                self.order("replay", id, body.transpose()?).await
            }
        }
    }

    async fn waiting(&self, before: Option<DeadLetterId>) -> Result<Value, Box<dyn Error>> {
        match self {
            Self::Running(client) => client.waiting(before).await,
            Self::Store(desk) => Ok(desk.waiting(before).await?.json()),
        }
    }

    /// All open dead letters.
    async fn letters(&self) -> Result<Vec<Value>, Box<dyn Error>> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let mut page = self.waiting(before).await?;
            all.append(page["dead_letters"].as_array_mut().ok_or("the answer is not one of this shop's")?);
            match page["more_before"].as_i64() {
                Some(id) => before = Some(DeadLetterId(id)),
                None => return Ok(all),
            }
        }
    }

    async fn letter(&self, id: DeadLetterId) -> Result<Value, Box<dyn Error>> {
        let mut letter = match self {
            Self::Running(client) => client.letter(id).await?,
            Self::Store(desk) => {
                let letter = desk.letter(id).await?;
                dead_letter_json(&letter.ok_or_else(|| format!("there is no dead letter {id}"))?)
            }
        };
        letter.as_object_mut().map(|members| members.remove("token"));
        Ok(letter)
    }

    async fn order(
        &self,
        what: &str,
        id: DeadLetterId,
        body: Option<Vec<u8>>,
    ) -> Result<String, Box<dyn Error>> {
        let said = match self {
            Self::Running(client) => client.order(what, id, body.as_deref()).await?,
            Self::Store(desk) => {
                let notice = match what {
                    "discard" => desk.discard(id).await?,
                    _ => desk.replay(id, body.map(Into::into)).await?,
                };
                json!({ "outcome": crate::operations::word(notice), "detail": notice.to_string() })
            }
        };
        let detail = said["detail"].as_str().unwrap_or_default();
        match said["outcome"].as_str() {
            Some("replayed" | "discarded") => Ok(format!("{detail}\n")),
            _ => Err(detail.into()),
        }
    }

    async fn close(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Store(desk) => Ok(desk.close().await?),
        }
    }
}

fn list(letters: &[Value]) -> String {
    let columns = ["id", "at", "message", "target", "key", "attempts", "reason"];
    table(&columns, letters.iter().map(|letter| columns.map(|column| text(&letter[column])).to_vec()))
}

/// The keys that dead letters park, each with what parks it.
fn keys(letters: &[Value]) -> String {
    let mut parked: BTreeMap<[String; 2], Vec<String>> = BTreeMap::new();
    for letter in letters.iter().filter(|letter| letter["key"].is_string()) {
        parked
            .entry(["key", "target"].map(|part| text(&letter[part])))
            .or_default()
            .push(text(&letter["id"]));
    }
    let rows = parked.into_iter().map(|([key, target], ids)| vec![key, target, ids.join(" ")]);
    table(&["key", "target", "dead letters"], rows)
}

fn rows(list: &Value, columns: &[&str]) -> impl Iterator<Item = Vec<String>> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice).iter();
    list.map(|one| columns.iter().map(|column| text(&one[*column])).collect())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text).replace('\n', " "),
        other => other.to_string(),
    }
}

/// What was written by others, without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Columns as wide as what is in them; the last one is not filled up.
fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head = columns.iter().map(|&column| column.to_owned()).collect();
    let rows: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_does_not_move_the_cursor() {
        let letters = [
            json!({"id": 7, "key": "k", "target": "t", "reason": "\u{1b}[2J\u{9b}1m\nboom", "message": "a.B", "at": "now", "attempts": 5}),
        ];
        let list = list(&letters);
        assert!(!list.contains(['\u{1b}', '\u{9b}']), "{list:?}");
        assert_eq!(list.lines().count(), 2);
    }

    #[test]
    fn keys_are_listed_once_with_all_that_parks_them() {
        let letter = |id: u32, key: Value| json!({"id": id, "key": key, "target": "t"});
        let letters = [letter(1, json!("k")), letter(2, json!("k")), letter(3, Value::Null)];
        assert_eq!(keys(&letters), "key  target  dead letters\nk    t       1 2\n");
    }
}
