//! Producers and consumers that are not ours.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anywise::{Envelope, Outcome, Sink as _, Transport as _};
use anywise_servers::skip;
use rdkafka::config::FromClientConfig as _;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::broker::{client, fresh_prefix, kafka, shared};
use crate::sending::{happened, topology, usual};

/// Writes a record by hand.
pub(crate) async fn produce(url: &str, topic: &str, body: &str, headers: &[(&str, &str)]) {
    let producer: FutureProducer = FutureProducer::from_config(&client(url)).unwrap();
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
    let record = FutureRecord::<str, str>::to(topic).payload(body).headers(headers);
    producer.send(record, Duration::from_secs(10)).await.unwrap();
}

/// Runs a program of another client; what it prints.
async fn run(mut command: Command) -> Option<String> {
    let output = tokio::task::spawn_blocking(move || command.stderr(Stdio::piped()).output()).await.unwrap();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            skip("kafka", format!("another client cannot be run: {error}"));
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn home() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/anywise/kafka")
}

/// Python with kafka-python, if there is such.
fn python(program: &str, arguments: &[&str]) -> Option<Command> {
    let path = std::env::var_os("ANYWISE_KAFKA_PYTHON").map_or_else(|| home().join("python"), PathBuf::from);
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", path);
    let there = command.args(["-c", "import kafka"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        skip("kafka", "Python has no kafka-python");
        return None;
    }
    let mut command = Command::new("python3");
    let path = std::env::var_os("ANYWISE_KAFKA_PYTHON").map_or_else(|| home().join("python"), PathBuf::from);
    command.env("PYTHONPATH", path).args(["-c", program]).args(arguments);
    Some(command)
}

/// Java with the official client, if there is such.
fn java(program: &str, arguments: &[&str]) -> Option<Command> {
    let path = std::env::var_os("ANYWISE_KAFKA_JAVA").map_or_else(|| home().join("java"), PathBuf::from);
    let jars = std::fs::read_dir(&path).is_ok_and(|mut jars| jars.next().is_some());
    let java = Command::new("java").arg("-version").stderr(Stdio::null()).status();
    if !jars || !java.is_ok_and(|status| status.success()) {
        skip("kafka", "there is no Java with kafka-clients");
        return None;
    }
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kafka").join(program);
    let mut command = Command::new("java");
    command.arg("-cp").arg(path.join("*")).arg(source).args(arguments);
    Some(command)
}

const PYTHON_WRITES: &str = r#"
import sys
from kafka import KafkaProducer
url, topic = sys.argv[1:]
class Bad(str):
    def encode(self, *_): return b"\xff\xfe"
producer = KafkaProducer(bootstrap_servers=url)
producer.send(topic, b'{"number":1}', key=b"k").get(30)
producer.send(topic, b'{"number":2}', key=b"k", headers=[(Bad("x"), b"1")]).get(30)
producer.send(topic, b'{"number":3}', key=b"k", headers=[("tenant", b"acme"), ("raw", b"\xff"), ("none", b"")]).get(30)
producer.flush()
"#;

#[tokio::test]
async fn what_python_writes_is_read_even_with_header_names_that_are_no_text() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let topic = format!("{prefix}.elsewhere");
    let kafka = kafka(&url, &prefix).foreign(&topic, "suite.Happened");
    kafka.open(&topology()).await.unwrap();
    let Some(writes) = python(PYTHON_WRITES, &[&url, &topic]) else { return };
    run(writes).await;
    let source = kafka.subscribe(&usual()).await.unwrap();
    let mut came = Vec::new();
    while came.len() < 3 {
        came.extend(source.receive(10).await.unwrap());
    }
    for (at, one) in came.iter().enumerate() {
        let envelope = Envelope::from_frame(&one.frame, one.foreign.as_ref(), false).unwrap();
        assert_eq!((envelope.name.as_str(), envelope.key.as_deref()), ("suite.Happened", Some("k")));
        assert_eq!(envelope.body, format!(r#"{{"number":{}}}"#, at + 1));
    }
    assert_eq!(came[2].frame.headers.get("tenant"), Some("acme"));
    source.settle(came.iter().map(|one| (one.tag, Outcome::Done(None))).collect()).await.unwrap();
}

#[tokio::test]
async fn java_reads_our_attributes_and_puts_keys_where_we_do() {
    let Some(url) = shared() else { return };
    let prefix = fresh_prefix();
    let (ours, theirs) = (format!("{prefix}.suite"), format!("{prefix}.elsewhere"));
    let kafka = kafka(&url, &prefix).foreign(&theirs, "suite.Happened");
    kafka.open(&topology()).await.unwrap();
    let keys: Vec<_> = (0..20).map(|number| format!("Schlüssel {number}")).collect();
    for key in &keys {
        let mut event = happened(7);
        event.key = Some(key.clone());
        event.headers.insert("tenant", "Zürich");
        kafka.send(event).await.unwrap();
    }
    let count = keys.len().to_string();
    let Some(program) = java("Interop.java", &[&url, &ours, &theirs, &count]) else { return };
    let Some(printed) = run(program).await else { return };
    // One line a record: key, where we put it, where Java put it, then headers.
    let lines: Vec<_> = printed.lines().map(|line| line.split('|').collect::<Vec<_>>()).collect();
    assert_eq!(lines.len(), keys.len(), "{printed}");
    for line in lines {
        let [key, ours, theirs, kind, partition_key, content_type, tenant, body] = line[..] else {
            panic!("{line:?}")
        };
        assert_eq!(ours, theirs, "the key {key} lies in another partition");
        assert_eq!((kind, partition_key, content_type), ("suite.Happened", key, "application/json"));
        assert_eq!((tenant, body), ("Zürich", r#"{"number":7}"#));
    }
    // What Java wrote is read here.
    let source = kafka.subscribe(&usual()).await.unwrap();
    let (mut foreign, mut all) = (0, 0);
    while all < 2 * keys.len() {
        for one in source.receive(100).await.unwrap() {
            all += 1;
            let Some(known) = &one.foreign else { continue };
            let envelope = Envelope::from_frame(&one.frame, Some(known), false).unwrap();
            assert!(keys.contains(envelope.key.as_ref().unwrap()), "{envelope:?}");
            assert_eq!(&envelope.body[..], br#"{"number":8}"#);
            foreign += 1;
        }
    }
    assert_eq!(foreign, keys.len());
}
