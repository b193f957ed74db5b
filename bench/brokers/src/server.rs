//! A server of its own, gone when dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::broker::Done;

/// A process that listens, and its folder.
pub(crate) struct Server {
    process: Child,
    _folder: tempfile::TempDir,
    url: String,
}

impl Server {
    /// Starts a program with the arguments for a port and a folder, and waits until
    /// it listens.
    pub(crate) async fn start(
        program: &str,
        scheme: &str,
        arguments: impl FnOnce(&str, &Path) -> Vec<String>,
    ) -> Done<Self> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = tempfile::tempdir()?;
        let process = Command::new(program)
            .args(arguments(&address.port().to_string(), folder.path()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { process, _folder: folder, url: format!("{scheme}://{address}") };
        while std::net::TcpStream::connect(address).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
