//! What a handler costs the compiler: a crate of handlers against the same
//! functions without the attribute.
//!
//! Messages are in a crate of their own, so that only functions are in the
//! figure: processor time of the compiler for that one crate, by handler.
//! Names of handlers crates given as arguments pick from `check`, `debug` and
//! `release`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

const HANDLERS: usize = 1_000;
/// Handlers that record the same event.
const AN_EVENT: usize = 10;
const RUNS: usize = 3;
/// Where the wrapped compiler writes its processor time; set for it alone.
const TIMES: &str = "COMPILE_COST_TIMES";

const MODES: [(&str, &[&str], f64); 3] =
    [("check", &["check"], 3.0), ("debug", &["build"], 8.0), ("release", &["build", "--release"], 12.0)];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(times) = env::var_os(TIMES) {
        return wrapped(Path::new(&times));
    }
    let only: Vec<String> = env::args().skip(1).collect();
    let root = generate()?;
    println!("{HANDLERS} handlers, each: 1 dependency, 1 value from the context, 1 unit of work");
    println!(
        "{:<10} {:>8} {:>12} {:>12}   ms of processor time a handler",
        "", "bar", "#[handler]", "plain fn"
    );
    let mut met = true;
    for (mode, arguments, bar) in MODES {
        if !only.is_empty() && !only.iter().any(|one| one == mode) {
            continue;
        }
        let plain = cost(&root, "plain", arguments)?;
        let handlers = cost(&root, "handlers", arguments)?;
        let verdict = if handlers <= bar { "" } else { "  over the bar" };
        println!("{mode:<10} {bar:>8.1} {handlers:>12.2} {plain:>12.2}{verdict}");
        met &= handlers <= bar;
    }
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the compiler and notes what processor time it took.
fn wrapped(times: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next().ok_or("a wrapper is called with the compiler")?;
    let status = Command::new(compiler).args(arguments).status()?;
    // Fields 16 and 17, counted after the name in parentheses: times of waited-for children.
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [13, 14].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
    fs::write(times, ticks.to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Milliseconds a handler of the fastest of several builds of one crate.
fn cost(root: &Path, package: &str, arguments: &[&str]) -> Result<f64, Box<dyn Error>> {
    let times = root.join("times");
    let mut least = f64::MAX;
    // The first builds the dependencies too; the last crate built is ours.
    for _ in 0..RUNS {
        let source = root.join(package).join("src/lib.rs");
        fs::write(&source, fs::read_to_string(&source)?)?;
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .args(["--quiet", "--package", package])
            .current_dir(root)
            .env("CARGO_TARGET_DIR", root.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?)
            .env(TIMES, &times)
            .status()?;
        if !status.success() {
            return Err(format!("`{package}` did not compile").into());
        }
        // The kernel counts a hundred ticks a second.
        let ticks: f64 = fs::read_to_string(&times)?.parse()?;
        let handlers = u32::try_from(HANDLERS)?;
        least = least.min(ticks * 10.0 / f64::from(handlers));
    }
    Ok(least)
}

/// Writes the crates and says where.
fn generate() -> Result<PathBuf, Box<dyn Error>> {
    let facade = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the bench lies in the workspace")?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| facade.join("target"), PathBuf::from);
    let root = target.join("compile-cost");
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"messages\", \"plain\", \"handlers\"]\n";
    write(&root.join("Cargo.toml"), workspace)?;
    fs::copy(facade.join("Cargo.lock"), root.join("Cargo.lock"))?;
    let anywise = format!("anywise = {{ path = {facade:?} }}\n");
    let messages = "messages = { path = \"../messages\" }\n";
    package(&root, "messages", &anywise, &messages_source())?;
    package(&root, "plain", &[&anywise, messages].concat(), &functions(""))?;
    package(&root, "handlers", &[&anywise, messages].concat(), &functions("#[handler]\n"))?;
    Ok(root)
}

fn package(root: &Path, name: &str, dependencies: &str, source: &str) -> Result<(), Box<dyn Error>> {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
    );
    write(&root.join(name).join("Cargo.toml"), &manifest)?;
    write(&root.join(name).join("src/lib.rs"), source)
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(path.parent().ok_or("a file lies in a directory")?)?;
    Ok(fs::write(path, text)?)
}

fn messages_source() -> String {
    let mut source = String::from(
        "use anywise::prelude::*;\n\
         pub struct User { pub id: u64 }\n\
         pub struct Store;\n\
         impl Store { pub async fn add(&self, id: u64, by: u64) -> u64 { id + by } }\n",
    );
    for at in 0..HANDLERS {
        writeln!(
            source,
            "#[command(local, reply = u64)]\npub struct C{at} {{ pub id: u64, pub note: String }}"
        )
        .expect("text grows");
    }
    for at in 0..HANDLERS / AN_EVENT {
        writeln!(source, "#[event(local)]\npub struct E{at} {{ pub id: u64 }}").expect("text grows");
    }
    source
}

fn functions(attribute: &str) -> String {
    let mut source = String::from("use anywise::prelude::*;\nuse messages::*;\n");
    for at in 0..HANDLERS {
        let event = at / AN_EVENT;
        writeln!(
            source,
            "{attribute}pub async fn h{at}(cmd: C{at}, user: Provided<User>, store: &Store, events: &mut Events<(E{event},)>) -> Result<u64> {{\n\
                 let total = store.add(cmd.id, user.id).await;\n\
                 events.publish(E{event} {{ id: total + cmd.note.len() as u64 }});\n\
                 Ok(total)\n\
             }}"
        )
        .expect("text grows");
    }
    source
}
