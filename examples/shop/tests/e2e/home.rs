//! Where a test's shop keeps its data: a folder or a database of its own, gone
//! after the test.

use std::sync::Mutex;
use std::time::Duration;

use anywise::sql::sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};
use anywise::{App, AppBuilder, Slice};
use shop::{Data, SLICES, Scratch};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// How long a server may take to say that it is there.
const REACH: Duration = Duration::from_secs(3);

/// Why a lock can be taken.
pub(crate) const WHOLE: &str = "a test that fails does not go on";

/// Runs a test on every database that can be reached.
pub(crate) async fn on_each(test: impl AsyncFn(&Home)) {
    for home in [Some(Home::sqlite()), Home::postgres().await].into_iter().flatten() {
        eprintln!("on {:?}", home.data);
        test(&home).await;
        home.leave().await;
    }
}

/// Where a test's shop keeps its data.
pub(crate) struct Home {
    pub(crate) data: Data,
    scratch: Option<Scratch>,
    database: Option<String>,
    /// Built by the test, and stopped after it.
    apps: Mutex<Vec<App>>,
}

impl Home {
    /// A folder.
    pub(crate) fn sqlite() -> Self {
        let scratch = Scratch::new();
        Self { data: scratch.data(), scratch: Some(scratch), database: None, apps: Mutex::default() }
    }

    /// A database, if there is a server.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = server().await?;
        let name = format!("shop_test_{}", anywise::new_id().simple());
        administer(server, &format!("CREATE DATABASE {name}")).await;
        let data = Data::Postgres(beside(server, &name));
        Some(Self { data, scratch: None, database: Some(name), apps: Mutex::default() })
    }

    /// A shop of these slices, to be built.
    pub(crate) async fn builder(&self, slices: impl IntoIterator<Item = Slice>) -> AppBuilder {
        shop::builder(slices, self.data.open().await.expect("the store opens"))
    }

    /// A shop of all slices.
    pub(crate) async fn app(&self) -> App {
        self.keep(self.builder(SLICES).await.build().await.expect("the shop is well wired"))
    }

    /// Has the shop stopped after the test.
    pub(crate) fn keep(&self, app: App) -> App {
        self.apps.lock().expect(WHOLE).push(app.clone());
        app
    }

    /// What the program is told to find it.
    pub(crate) fn arguments(&self) -> [String; 2] {
        match &self.data {
            Data::Folder(folder) => ["--data".to_owned(), folder.display().to_string()],
            Data::Postgres(url) => ["--postgres".to_owned(), url.clone()],
        }
    }

    /// Removes everything.
    pub(crate) async fn leave(self) {
        let apps = self.apps.into_inner().expect(WHOLE);
        for app in apps {
            app.stop(Duration::from_secs(5)).await;
        }
        if let (Some(name), Some(server)) = (&self.database, server().await) {
            administer(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
        drop(self.scratch);
    }
}

/// The address of a server that answers; says so once if there is none.
async fn server() -> Option<&'static str> {
    static SERVER: OnceCell<Option<String>> = OnceCell::const_new();
    let look = async || {
        let url = std::env::var("ANYWISE_POSTGRES");
        let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let Err(error) = reach(&url).await else { return Some(url) };
        anywise_servers::skip("postgres", format!("{url} cannot be reached: {error}"));
        None
    };
    SERVER.get_or_init(look).await.as_deref()
}

async fn reach(url: &str) -> Result<(), String> {
    let connection = timeout(REACH, PgConnection::connect(url)).await.map_err(|_| "no answer")?;
    connection.map_err(|error| error.to_string())?.close().await.map_err(|error| error.to_string())
}

async fn administer(server: &str, statement: &str) {
    let mut connection = PgConnection::connect(server).await.expect("it was reached before");
    let done = raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("it was open");
}

/// The address of another database of the same server.
fn beside(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, ""), |(a, b)| (a, b));
    let (host, _) = address.rsplit_once('/').expect("an address of a database has its name at its end");
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{host}/{name}{mark}{parameters}")
}
