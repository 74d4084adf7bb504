//! A server that is down for a while, or starts anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::task::AbortHandle;

use super::FakeApiServer;
use crate::clock;
use crate::fault::Outage;
use crate::fault::outage::{How, LONGEST, Port};
use crate::handlers::bootstrap;
use crate::handlers::cluster::Cluster;
use crate::listener::gate::Gate;

/// The outages of one server.
pub(super) struct Outages {
    /// For timers, which do not keep it.
    this: Weak<Outages>,
    gate: Arc<Gate>,
    cluster: Arc<Cluster>,
    runtime: tokio::runtime::Handle,
    active: Mutex<Active>,
}

#[derive(Debug, Default)]
struct Active {
    count: u64,
    all: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    how: How,
    until: Option<Timestamp>,
    timer: AbortHandle,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

impl std::fmt::Debug for Outages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Outages").field(&self.active).finish()
    }
}

impl Outages {
    /// Must be called within the runtime the server runs on.
    pub(super) fn new(gate: Arc<Gate>, cluster: Arc<Cluster>) -> Arc<Self> {
        Arc::new_cyclic(|this| Outages {
            this: this.clone(),
            gate,
            cluster,
            runtime: tokio::runtime::Handle::current(),
            active: Mutex::default(),
        })
    }

    fn begin(&self, outage: &Outage) -> std::io::Result<u64> {
        let until = outage.during.map(|span| {
            let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
            clock::add(self.cluster.clock.now(), span)
        });
        let mut active = self.active.lock();
        active.count += 1;
        let id = active.count;
        match outage.how {
            How::Refused => self.gate.shut()?,
            How::Reset(how_many) => self.gate.reset_accepted(id, how_many),
        }
        let (outages, cluster) = (self.this.clone(), self.cluster.clone());
        let timer = self.runtime.spawn(wait(outages, cluster, id, until));
        let timer = timer.abort_handle();
        let how = outage.how;
        active.all.insert(id, Entry { how, until, timer });
        drop(active);
        if outage.loses_state || !outage.keeps_connections {
            self.gate.cut();
        }
        if outage.loses_state {
            self.cluster.storage.wipe();
            bootstrap::begin(&self.cluster);
        }
        Ok(id)
    }

    /// Ends an outage; the server is back if it was the last of its kind.
    fn end(&self, id: u64) -> std::io::Result<()> {
        let mut active = self.active.lock();
        if active.all.remove(&id).is_none() {
            return Ok(());
        }
        self.gate.stop_resetting(id);
        self.open_if_nobody_refuses(&active)
    }

    fn end_all(&self) -> std::io::Result<()> {
        let mut active = self.active.lock();
        for (id, _) in std::mem::take(&mut active.all) {
            self.gate.stop_resetting(id);
        }
        self.open_if_nobody_refuses(&active)
    }

    /// Ends the outages whose time is over.
    pub(super) fn end_those_over(&self) {
        let now = self.cluster.clock.now();
        let over: Vec<u64> = {
            let active = self.active.lock();
            let over = active
                .all
                .iter()
                .filter(|(_, entry)| entry.until.is_some_and(|until| until <= now));
            over.map(|(id, _)| *id).collect()
        };
        over.into_iter().for_each(|id| self.end_unasked(id));
    }

    fn end_unasked(&self, id: u64) {
        if let Err(error) = self.end(id) {
            // Nobody waits for this one; what comes next finds the port closed.
            tracing::error!(%error, "the server cannot come back to its port");
        }
    }

    fn open_if_nobody_refuses(&self, active: &Active) -> std::io::Result<()> {
        let mut all = active.all.values();
        if all.any(|entry| entry.how == How::Refused) {
            return Ok(());
        }
        let _runtime = self.runtime.enter();
        self.gate.open()
    }
}

impl Port for Outages {
    fn fail(&self, outage: &Outage) {
        if let Err(error) = self.begin(outage) {
            tracing::error!("the outage cannot begin: {error}");
        }
    }
}

/// Waits for the server's clock; but that may stand still, and then nobody could move it.
async fn wait(outages: Weak<Outages>, cluster: Arc<Cluster>, id: u64, until: Option<Timestamp>) {
    let over = async {
        match until {
            Some(until) => cluster.clock.sleep_until(until).await,
            None => std::future::pending().await,
        }
    };
    let long_enough = tokio::select! {
        () = over => false,
        () = tokio::time::sleep(LONGEST) => true,
    };
    let Some(outages) = outages.upgrade() else {
        return;
    };
    match long_enough {
        true => {
            tracing::warn!("the outage is ended: it has lasted an hour");
            outages.end_unasked(id);
        }
        false => outages.end_those_over(),
    }
}

/// Keeps a server down; dropping it brings the server back.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Outage};
/// let server = FakeApiServer::start_blocking();
/// let outage = server.outage(Outage::refused());
/// assert!(std::net::TcpStream::connect(server.address()).is_err());
/// drop(outage);
/// assert!(std::net::TcpStream::connect(server.address()).is_ok());
/// ```
#[must_use = "dropping the guard brings the server back; hold it as long as the outage is to last"]
#[derive(Debug)]
pub struct OutageGuard {
    outages: Arc<Outages>,
    id: u64,
}

impl OutageGuard {
    /// Whether it is over: its time is up, or its connections are used up, or [all outages](FakeApiServer::end_outages)
    /// were ended.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use fake_apiserver::{FakeApiServer, Outage};
    ///
    /// let server = FakeApiServer::builder().clock_at(SystemTime::UNIX_EPOCH).start_blocking();
    /// let outage = server.outage(Outage::refused().during(Duration::from_secs(30)));
    /// assert!(!outage.is_over());
    /// server.advance(Duration::from_secs(30));
    /// assert!(outage.is_over());
    /// ```
    pub fn is_over(&self) -> bool {
        !self.outages.active.lock().all.contains_key(&self.id)
            || self.outages.gate.still_to_reset(self.id) == Some(0)
    }
}

impl Drop for OutageGuard {
    fn drop(&mut self) {
        match self.outages.end(self.id) {
            Err(error) if !std::thread::panicking() => {
                panic!("the server cannot come back to its port: {error}")
            }
            _ => {}
        }
    }
}

impl FakeApiServer {
    /// Makes the server unreachable, for as long as the guard is held. Its port stays reserved. Replicas are servers of
    /// their own and not concerned.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Outage};
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let outage = server.outage(Outage::refused());
    /// // … the client under test must wait and try again …
    /// drop(outage);
    /// ```
    ///
    /// # Panics
    ///
    /// If the outage is to last longer than an hour, or the port is lost to somebody else, then or when the server comes
    /// back.
    #[track_caller]
    pub fn outage(&self, outage: Outage) -> OutageGuard {
        if let Err(problem) = outage.check() {
            panic!("this outage cannot be: {problem}");
        }
        let outages = self.inner.outages.clone();
        match outages.begin(&outage) {
            Ok(id) => OutageGuard { outages, id },
            Err(error) => panic!("the server cannot keep its port: {error}"),
        }
    }

    /// Ends every outage there is: those whose guards are held, and those that [a fault](crate::Fault::outage) or the
    /// control surface began.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Outage};
    /// let server = FakeApiServer::start_blocking();
    /// let outage = server.outage(Outage::refused());
    /// server.end_outages();
    /// assert!(outage.is_over());
    /// ```
    ///
    /// # Panics
    ///
    /// As [`FakeApiServer::outage`].
    #[track_caller]
    pub fn end_outages(&self) {
        if let Err(error) = self.inner.outages.end_all() {
            panic!("the server cannot come back to its port: {error}");
        }
    }

    /// Restarts the server in order, as one that is updated: watches end, requests in flight are answered, and then
    /// every connection is closed. Its state stays, and it takes new connections all the while. For a crash, see
    /// [`FakeApiServer::outage`].
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.restart();
    /// ```
    pub fn restart(&self) {
        self.inner.cluster.end_watches();
        self.inner.outages.gate.end_connections();
    }
}
