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

use crate::network::Network;
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
    /// Print where a message would go, and through which guards; where each would go, without a name
    Explain {
        /// Wire name, such as `payment.CreatePayment`
        message: Option<String>,
    },
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
    /// Postgres database for the shop's data instead, such as `postgres://user@host/name`; shops can share it
    #[arg(long, global = true, env = "SHOP_POSTGRES", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    #[command(flatten)]
    network: Network,
}

impl Cli {
    /// Does what the command line says.
    ///
    /// # Errors
    /// Why that cannot be done, for whoever typed it.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { command, options } = self;
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
            Command::Explain { message } => {
                print!("{}", options.explain(message.as_deref())?);
                Ok(())
            }
        }
    }
}

impl Options {
    /// Where the command line says that the data is.
    pub(crate) fn data(&self) -> Data {
        match &self.postgres {
            Some(url) => Data::Postgres(url.clone()),
            None => Data::Folder(self.data.clone()),
        }
    }

    async fn app(&self, data: &Data) -> Result<App, Box<dyn Error>> {
        let store = data.open().await.map_err(|error| format!("{}: {error}", data.flag()))?;
        Ok(self.network.join(builder(self.slices(), store))?.build().await?)
    }

    /// Where messages would go. Opens no store and connects to nothing.
    fn explain(&self, message: Option<&str>) -> Result<String, Box<dyn Error>> {
        let plan = App::builder().name("shop").slices(self.slices());
        let plan = if self.postgres.is_some() { plan.on_a_shared_store() } else { plan };
        let routing = self.network.join(plan)?.routing();
        match message {
            None => Ok(routing.to_string()),
            Some(message) => Ok(routing.explain(message)?.to_string()),
        }
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
        if self.network.is_split() || !self.slices.is_empty() {
            print!("{}", app.routing());
        }
        app.serve(http(app, listener, self.network.secret())).await?;
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

    fn explained(arguments: &[&str]) -> String {
        let arguments = ["shop", "explain"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments).expect("it can be parsed");
        let Some(Command::Explain { message }) = cli.command else { panic!("it is another command") };
        cli.options.explain(message.as_deref()).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn it_is_explained_where_a_message_goes_and_what_has_nowhere_to_go() {
        let here = explained(&["payment.CreatePayment"]);
        assert!(here.contains("shop_payment::handlers::create_payment"), "{here}");
        assert!(here.contains("behind shop::guards::log_commands"), "{here}");
        let away = ["--slices", "order", "--at", "payment=http://127.0.0.1:3001", "payment.CreatePayment"];
        assert!(explained(&away).contains("away: "), "{}", explained(&away));
        assert!(explained(&away).contains("127.0.0.1:3001"), "{}", explained(&away));
        assert!(explained(&["--slices", "order", "payment.CreatePayment"]).contains("has nowhere to go"));
        let shared =
            ["--slices", "order", "--postgres", "postgres://nobody@127.0.0.1:1/x", "payment.RefundPayment"];
        assert!(explained(&shared).contains("in another process on this store"), "{}", explained(&shared));
        assert!(explained(&["payment.CreatPayment"]).contains("did you mean `payment.CreatePayment`?"));
    }

    #[test]
    fn where_slices_are_is_checked_while_it_is_read() {
        check(&["--at", "payment"], Err("write SLICE=URL"));
        check(&["--at", "stock=http://127.0.0.1:1"], Err("there is no slice `stock`"));
        let bad = explained(&["--at", "payment=ftp://127.0.0.1"]);
        assert!(bad.starts_with("--at payment:"), "{bad}");
    }
}
