//! Over TLS, with certificates made for the test.

use std::fs;
use std::path::Path;

use anywise::{Sink as _, Transport as _};
use anywise_rabbitmq::RabbitMq;
use anywise_servers::{certificates, free_port};

use crate::corner::{Corner, PAID, event, receive, stock, topology};
use crate::own::Own;

fn configuration(folder: &Path, port: u16) -> String {
    certificates(folder);
    let at = |name: &str| folder.join(name).display().to_string();
    format!(
        "listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {}\nssl_options.certfile = {}\n\
         ssl_options.keyfile = {}\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n",
        at("authority.pem"),
        at("server.pem"),
        at("server.key")
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_show_who_they_are() {
    let port = free_port();
    let own = tokio::task::spawn_blocking(move || Own::start(|folder| configuration(folder, port)));
    let Some(own) = own.await.unwrap() else { return };
    let read = |name: &str| fs::read(own.folder().join(name)).unwrap();
    let corner = Corner::at(&own.url());
    let url = format!("amqps://guest:guest@127.0.0.1:{port}");
    let authority = String::from_utf8(read("authority.pem")).unwrap();
    let known = || RabbitMq::new(&url).prefix(&corner.prefix).certificates(authority.clone());
    let error = RabbitMq::new(&url).open(&topology(&[PAID])).await.unwrap_err();
    assert!(error.to_string().contains("amqps://127.0.0.1"), "its certificate is not trusted: {error}");
    known().open(&topology(&[PAID])).await.unwrap_err();
    let rabbit = corner.opened(known().identity(read("client.pem"), read("client.key"))).await;
    rabbit.send(event(PAID, 1)).await.unwrap();
    let source = rabbit.subscribe(&stock(&[PAID])).await.unwrap();
    assert_eq!(receive(&*source, 1).await.len(), 1);
}
