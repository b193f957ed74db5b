//! What the tests share.

use std::future::Future;
use std::time::Duration;

use anywise_core::Instances;

/// Fails the test instead of waiting for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("in time")
}

/// Waits until exactly these are known.
pub(crate) async fn expect(instances: &mut Instances, addresses: &[&str]) {
    let mut last = None;
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            last = instances.now();
            let known = last.iter().flat_map(|all| all.iter()).map(|one| one.address.as_str());
            if last.is_some() && known.eq(addresses.iter().copied()) {
                return;
            }
            assert!(instances.changed().await, "there will be no change");
        }
    });
    assert!(waited.await.is_ok(), "{last:?} instead of {addresses:?}");
}
