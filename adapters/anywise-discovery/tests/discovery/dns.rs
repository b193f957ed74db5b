//! Names: by the system's resolver, and SRV records of a server of the test's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anywise_core::{Discovery as _, Instances};
use anywise_discovery::{Dns, Fixed, Srv};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::net::UdpSocket;

use crate::support::{expect, within};

#[tokio::test]
async fn a_list_is_what_it_was_given() {
    let fixed = Fixed::new().service("a", ["h:1"]).service("a", ["g:1", "h:1"]);
    expect(&mut fixed.watch("a"), &["g:1", "h:1"]).await;
    expect(&mut fixed.watch("b"), &[]).await;
}

#[tokio::test]
async fn the_addresses_of_a_name_are_found() {
    let mut instances = Dns::new().watch("127.0.0.1:3000");
    expect(&mut instances, &["127.0.0.1:3000"]).await;
    let mut instances = Dns::new().watch("localhost:3000");
    within(instances.some()).await;
    assert!(instances.now().unwrap().iter().all(|one| one.address.ends_with(":3000")));
}

#[tokio::test]
async fn a_name_that_is_unknown_is_nothing_known() {
    let instances = Dns::new().watch("no-such-host.invalid:3000");
    let looked = tokio::time::timeout(Duration::from_millis(300), instances.clone().some()).await;
    assert!(looked.is_err() && instances.now().is_none());
}

/// Priority, port and target of each record.
type Records = Vec<(u16, u16, &'static str)>;

/// A DNS server of one name, on loopback.
struct NameServer {
    address: SocketAddr,
    records: Arc<Mutex<Records>>,
}

impl NameServer {
    async fn start(records: Records) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let records = Arc::new(Mutex::new(records));
        let known = Arc::clone(&records);
        tokio::spawn(async move {
            let mut packet = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let answer = answer(&packet[..length], &known.lock().unwrap());
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, records }
    }

    fn set(&self, records: Records) {
        *self.records.lock().unwrap() = records;
    }

    fn watch(&self) -> Instances {
        let mut udp = ConnectionConfig::udp();
        udp.port = self.address.port();
        let server = NameServerConfig::new(self.address.ip(), true, vec![udp]);
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let mut resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        resolver.options_mut().cache_size = 0;
        let srv = Srv::through(resolver.build().unwrap()).refresh(Duration::from_millis(100));
        srv.watch("_http._tcp.payment.test.")
    }
}

/// The response to a query (RFC 1035): its question, and the records.
fn answer(query: &[u8], records: &Records) -> Vec<u8> {
    let name = query[12..].iter().position(|byte| *byte == 0).unwrap();
    let question = &query[12..12 + name + 5];
    let mut packet = query[..2].to_vec();
    packet.extend([0x81, 0x80, 0, 1, 0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    packet.extend(question);
    for (priority, port, target) in records {
        let mut name = Vec::new();
        for label in target.split('.').filter(|label| !label.is_empty()) {
            name.push(u8::try_from(label.len()).unwrap());
            name.extend(label.as_bytes());
        }
        name.push(0);
        // The name of the question, SRV, IN, for 0 s.
        packet.extend([0xc0, 0x0c, 0, 33, 0, 1, 0, 0, 0, 0]);
        packet.extend(u16::try_from(6 + name.len()).unwrap().to_be_bytes());
        packet.extend(priority.to_be_bytes());
        packet.extend([0, 5]);
        packet.extend(port.to_be_bytes());
        packet.extend(name);
    }
    packet
}

#[tokio::test]
async fn the_targets_of_a_service_are_found_and_followed() {
    let server =
        NameServer::start(vec![(10, 3001, "b.test."), (10, 3000, "a.test."), (20, 3000, "spare.test.")])
            .await;
    let mut instances = server.watch();
    expect(&mut instances, &["a.test:3000", "b.test:3001"]).await;
    server.set(vec![(20, 3000, "spare.test.")]);
    expect(&mut instances, &["spare.test:3000"]).await;
    server.set(Vec::new());
    expect(&mut instances, &[]).await;
    // A target of `.` says that there is no such service.
    server.set(vec![(0, 0, "."), (0, 9, "a.test.")]);
    expect(&mut instances, &["a.test:9"]).await;
}
