//! How many instructions a message costs: exact, so that each figure is a
//! gate.
//!
//! `valgrind --tool=callgrind` counts a process that sends a number of messages
//! and one that sends none; the difference belongs to the messages. Without
//! valgrind nothing is counted and nothing fails.

mod sides;

use std::env;
use std::process::{Command, ExitCode, Stdio};

use sides::SIDES;

/// Says which side a process of its own runs, and how often.
const TASK: &str = "ANYWISE_INSTRUCTIONS";
/// Enough that what the start-up differs by, from run to run, is less than one
/// instruction of each.
const MESSAGES: u64 = 20_000;

fn main() -> ExitCode {
    if let Ok(task) = env::var(TASK) {
        let (side, messages) = task.rsplit_once(' ').expect("a side and a number");
        let side = SIDES.iter().find(|one| one.name == side).expect("a side that there is");
        (side.run)(messages.parse().expect("a number of messages"));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("no valgrind: nothing is counted");
        return ExitCode::SUCCESS;
    }
    println!("{:<40} {:>8} {:>8}", "instructions of one", "counted", "at most");
    let over = SIDES.iter().filter(|side| {
        let counted = (collected(side.name, MESSAGES) - collected(side.name, 0)) / MESSAGES;
        let most = side.most.map_or_else(String::new, |most| most.to_string());
        let over = side.most.is_some_and(|most| counted > most);
        println!("{:<40} {counted:>8} {most:>8}{}", side.name, if over { "  over" } else { "" });
        over
    });
    if over.count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The instructions of a process that sends `messages` messages on one side.
fn collected(side: &str, messages: u64) -> u64 {
    let program = env::current_exe().expect("a running program has a path");
    let counted = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .env(TASK, format!("{side} {messages}"))
        .output()
        .expect("valgrind was there");
    let text = String::from_utf8_lossy(&counted.stderr);
    assert!(counted.status.success(), "{side} failed: {text}");
    let number = text.lines().find_map(|line| line.split_once("Collected : "));
    let (_, number) = number.unwrap_or_else(|| panic!("valgrind did not count {side}: {text}"));
    number.trim().parse().expect("a count")
}
