//! The command line: what to run, and out of what.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anywise::{App, Slice};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::operate::{Dlq, depth, dlq};
use crate::{Data, SLICES, Scratch, builder, export, http, pages};

/// The example application of anywise.
#[derive(Debug, Parser)]
#[command(name = "shop", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until Ctrl-C; what `shop` does when it is told nothing else
    Serve,
    /// Write the pages, the same as Markdown, and the catalog
    Docs {
        /// Folder to write to; it is created
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print what the shop is made of
    Inspect,
    /// Look at dead letters, deliver them again, or give them up
    #[command(subcommand)]
    Dlq(Dlq),
    /// Print what waits to be delivered, by target
    Depth,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Port on 127.0.0.1; 0 for a free one
    #[arg(long, global = true, env = "SHOP_PORT", default_value_t = 3000)]
    pub(crate) port: u16,
    /// Folder for the shop's data, which is kept on SQLite; it is created
    #[arg(long, global = true, env = "SHOP_DATA", default_value = "./shop-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Slices to run, separated by commas; all unless given
    #[arg(long, global = true, env = "SHOP_SLICES", value_delimiter = ',', value_name = "SLICE")]
    #[arg(value_parser = PossibleValuesParser::new(SLICES.map(|slice| slice.name())))]
    slices: Vec<String>,
    /// What to log, such as `debug` or `warn,shop=debug`
    #[arg(long, global = true, env = "SHOP_LOG", default_value = "info", value_name = "FILTER")]
    log: Targets,
    /// Postgres database for the shop's data instead, such as postgres://user@host/name; shops can share it
    #[arg(long, global = true, env = "SHOP_POSTGRES", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// Comes with a later version
    #[arg(long, global = true, env = "SHOP_NATS", hide = true, value_name = "URL")]
    nats: Option<String>,
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// Why that cannot be done, for whoever typed it.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { command, options } = self;
        options.check()?;
        tracing_subscriber::registry()
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
            .with(options.log.clone())
            .init();
        match command.unwrap_or(Command::Serve) {
            Command::Serve => options.serve(&options.app(&options.data()).await?).await,
            Command::Docs { out } => {
                let files = export(&options.app(&Scratch::new().data()).await?, &out)?;
                println!("wrote {files} files below {}", out.display());
                Ok(())
            }
            Command::Inspect => {
                print!("{}", options.app(&Scratch::new().data()).await?.inspect());
                Ok(())
            }
            Command::Dlq(what) => {
                print!("{}", dlq(what, &options).await?);
                Ok(())
            }
            Command::Depth => {
                print!("{}", depth(&options).await?);
                Ok(())
            }
        }
    }
}

impl Options {
    /// Refuses what this version cannot do yet.
    fn check(&self) -> Result<(), Box<dyn Error>> {
        match &self.nats {
            None => Ok(()),
            Some(_) => Err("--nats comes with a later version of the shop".into()),
        }
    }

    /// Where the command line says that the data is.
    pub(crate) fn data(&self) -> Data {
        match &self.postgres {
            Some(url) => Data::Postgres(url.clone()),
            None => Data::Folder(self.data.clone()),
        }
    }

    async fn app(&self, data: &Data) -> Result<App, Box<dyn Error>> {
        let store = data.open().await.map_err(|error| format!("{}: {error}", data.flag()))?;
        Ok(builder(self.slices(), store).build().await?)
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = Slice> {
        let all = self.slices.is_empty();
        SLICES.into_iter().filter(move |slice| all || self.slices.iter().any(|name| name == slice.name()))
    }

    async fn serve(&self, app: &App) -> Result<(), Box<dyn Error>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}; --port chooses another port"))?;
        let address = listener.local_addr()?;
        println!("The shop is open at http://{address}");
        println!("Its pages are at   http://{address}{}", pages::ROOT);
        app.serve(http(app, listener)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn check(arguments: &[&str], expected: Result<&[&str], &str>) {
        let arguments = ["shop"].iter().chain(arguments);
        match (Cli::try_parse_from(arguments), expected) {
            (Ok(cli), Ok(expected)) => {
                let names: Vec<_> = cli.options.slices().map(|slice| slice.name()).collect();
                assert_eq!(names, expected);
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn the_command_line_is_well_made() {
        Cli::command().debug_assert();
    }

    #[test]
    fn slices_are_all_or_those_named() {
        check(&[], Ok(&["order", "payment", "inventory", "notification"]));
        check(&["--slices", "payment,order"], Ok(&["order", "payment"]));
        check(&["inspect", "--slices", "inventory"], Ok(&["inventory"]));
    }

    #[test]
    fn an_unknown_slice_is_answered_with_those_there_are() {
        check(&["--slices", "stock"], Err("[possible values: order, payment, inventory, notification]"));
    }

    #[test]
    fn what_comes_later_is_refused_when_it_is_asked_for() {
        let cli = Cli::try_parse_from(["shop", "--nats", "nats://localhost"]).expect("it is a flag");
        let error = cli.options.check().expect_err("it comes later").to_string();
        assert_eq!(error, "--nats comes with a later version of the shop");
    }
}
