//! The program `shop`, as a process of its own.

use std::net::SocketAddr;
use std::process::{ExitStatus, Output, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::{Client, PATIENCE};
use crate::home::Home;

/// A shop that serves, until it is told to stop, killed or dropped.
pub(crate) struct Process {
    pub(crate) client: Client,
    child: Child,
}

impl Process {
    /// Starts the program on a free port, which it prints.
    pub(crate) async fn serve(home: &Home) -> Self {
        Self::start(
            &["--port", "0"].map(str::to_owned).into_iter().chain(home.arguments()).collect::<Vec<_>>(),
        )
        .await
    }

    /// Starts the program with these arguments.
    pub(crate) async fn start(arguments: &[String]) -> Self {
        let mut command = command(&["--log", "error"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let open = lines.next_line().await.expect("it can be read").expect("it prints where it is");
        let address = open.rsplit("http://").next().expect("a line has an end");
        let pages = lines.next_line().await.expect("it can be read").expect("it prints where its pages are");
        assert!(pages.ends_with(&format!("http://{address}/anywise/")), "{pages}");
        let client = Client::new(address.parse::<SocketAddr>().expect("an address"));
        // It may have more to say.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { client, child }
    }

    /// Tells it to stop (SIGTERM), and waits until it has.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("there is `kill`");
        assert!(told.success());
        timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it ends")
    }

    /// Ends it where it stands (SIGKILL).
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }
}

/// The program, with nothing of the shop's in its environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHOP_")) {
        command.env_remove(name);
    }
    command.args(arguments).kill_on_drop(true);
    command
}

/// What it prints when it ends by itself.
pub(crate) async fn output(arguments: &[&str]) -> (Output, String) {
    let output = timeout(PATIENCE, command(arguments).output()).await.expect("the program ends by itself");
    let output = output.expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let text = text.into_owned();
    (output, text)
}
