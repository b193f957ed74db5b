//! The slices' own tables.

use anywise::Store;

use crate::support::{Folder, number};

anywise_sql::migrations!("sql-migrated", [
    "0001_things" => "CREATE TABLE things (id TEXT PRIMARY KEY); INSERT INTO things VALUES ('a');",
    "0002_more" => { sqlite: "INSERT INTO things VALUES ('b')", postgres: "SELECT 1" },
]);

anywise_sql::migrations!("sql-included", ["0001_included" => include_str!("included.sql")]);

anywise_sql::migrations!("sql-broken", [
    "0001_fine" => "CREATE TABLE fine (id TEXT)",
    "0002_broken" => "CREATE TABLE half (id TEXT); CREATE TABEL other (id TEXT)",
]);

#[tokio::test(flavor = "multi_thread")]
async fn each_is_applied_once_of_the_slices_that_are_there() {
    let folder = Folder::new();
    let store = folder.store().await;
    for _ in 0..2 {
        store.open(&["sql-migrated", "sql-included"]).await.unwrap();
    }
    assert_eq!(number(&store, "SELECT count(*) FROM things").await, 2);
    assert_eq!(number(&store, "SELECT count(*) FROM included").await, 0);
    store.close().await.unwrap();
    let store = folder.store().await;
    store.open(&["sql-migrated"]).await.unwrap();
    assert_eq!(number(&store, "SELECT count(*) FROM aw_migration").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_leaves_nothing_behind() {
    let folder = Folder::new();
    let store = folder.store().await;
    let error = store.open(&["sql-broken"]).await.unwrap_err();
    assert_eq!(error.code(), "AW7008");
    assert!(error.message().contains("`0002_broken` of `sql-broken`"), "{error}");
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name IN ('fine', 'half')";
    assert_eq!(number(&store, tables).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_newer_program_are_refused() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.open(&["sql-migrated"]).await.unwrap();
    store.close().await.unwrap();
    execute(&folder, "INSERT INTO aw_migration VALUES ('sql-migrated', '0003_new', 1, 1)").await;
    let store = folder.store().await;
    assert_eq!(store.open(&["sql-migrated"]).await.unwrap_err().code(), "AW7007");
    store.close().await.unwrap();
    execute(&folder, "UPDATE aw_meta SET v = '99' WHERE k = 'schema'").await;
    let error = folder.options().open().await.unwrap_err();
    assert_eq!(error.code(), "AW7007");
    assert!(error.message().contains("99"), "{error}");
}

async fn execute(folder: &Folder, sql: &'static str) {
    use anywise_sql::sqlx::{ConnectOptions, Connection, raw_sql, sqlite::SqliteConnectOptions};

    let mut raw = SqliteConnectOptions::new().filename(folder.file()).connect().await.unwrap();
    raw_sql(sql).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}
