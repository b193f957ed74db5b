//! Where the instances of a service are found, as a port.
//!
//! An adapter looks them up and tells of each change; a remote takes what is
//! known at the moment of a call. Nothing here says which instance is asked.

use std::sync::Arc;

use tokio::sync::watch;

/// One running instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Instance {
    /// Where it listens: `host:port`.
    pub address: String,
}

impl Instance {
    /// An instance that listens at `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

/// Finds the instances of services.
pub trait Discovery: Send + Sync + 'static {
    /// What it is, for people.
    fn name(&self) -> &str;

    /// Follows the healthy instances of a service, until what it returns is
    /// dropped. Called within a Tokio runtime.
    ///
    /// It does not fail: where nothing can be found out, nothing new is told,
    /// and it is tried again.
    fn watch(&self, service: &str) -> Instances;
}

/// The healthy instances of a service, as far as they are known by now.
#[derive(Clone, Debug)]
pub struct Instances(watch::Receiver<Option<Arc<[Instance]>>>);

/// Tells of the instances of a service.
#[derive(Debug)]
pub struct InstancesSender(watch::Sender<Option<Arc<[Instance]>>>);

impl Instances {
    /// These and no others.
    ///
    /// # Examples
    /// ```
    /// use anywise_core::{Instance, Instances};
    ///
    /// let instances = Instances::fixed([Instance::new("10.0.0.1:80")]);
    /// assert_eq!(instances.now().unwrap()[0].address, "10.0.0.1:80");
    /// ```
    pub fn fixed(instances: impl IntoIterator<Item = Instance>) -> Self {
        let (sender, receiver) = Self::channel();
        sender.tell(instances);
        receiver
    }

    /// None known yet, and the one who will tell.
    pub fn channel() -> (InstancesSender, Self) {
        let (sender, receiver) = watch::channel(None);
        (InstancesSender(sender), Self(receiver))
    }

    /// What is known; `None` before anything was found out.
    pub fn now(&self) -> Option<Arc<[Instance]>> {
        self.0.borrow().clone()
    }

    /// Waits until there is at least one, or never will be.
    pub async fn some(&mut self) {
        let any = |known: &Option<Arc<[Instance]>>| known.as_ref().is_some_and(|all| !all.is_empty());
        let _ = self.0.wait_for(any).await;
    }

    /// Waits for the next change; false when there will be none.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl InstancesSender {
    /// Tells which there are. What is no change is not told.
    pub fn tell(&self, instances: impl IntoIterator<Item = Instance>) {
        let mut found: Vec<_> = instances.into_iter().collect();
        found.sort();
        found.dedup();
        self.0.send_if_modified(|known| {
            let new = known.as_deref() != Some(&found[..]);
            if new {
                *known = Some(found.into());
            }
            new
        });
    }

    /// Waits until nobody listens any more.
    pub async fn unheard(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_change_is_not_told() {
        let (sender, mut heard) = Instances::channel();
        assert!(heard.now().is_none());
        let (a, b) = (Instance::new("a:1"), Instance::new("b:1"));
        sender.tell([b.clone(), a.clone(), a.clone()]);
        assert!(heard.changed().await);
        assert_eq!(heard.now().as_deref(), Some(&[a.clone(), b.clone()][..]));
        sender.tell([a.clone(), b]);
        sender.tell([a]);
        assert!(heard.changed().await);
        assert_eq!(heard.now().map(|all| all.len()), Some(1));
        drop(sender);
        assert!(!heard.changed().await);
    }

    #[tokio::test]
    async fn the_one_who_tells_learns_that_nobody_listens() {
        let (sender, heard) = Instances::channel();
        drop(heard);
        sender.unheard().await;
    }
}
