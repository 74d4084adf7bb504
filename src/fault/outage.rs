//! Outages: a server that cannot be reached for a while. They are about connections, before there is a request.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::catalogue::{FaultKind, Scripted, Takes, optional, required};
use super::effect::Effect;
use super::rule::Fault;

pub(super) const KINDS: &[FaultKind] = &[FaultKind {
    name: "outage",
    about: "The request finds the server going down: its connection is reset, and no other succeeds for a while.",
    parameters: &[
        required("during", Takes::Time, "How long, by the server's clock."),
        optional(
            "reset",
            Takes::Flag,
            "Connections are accepted and reset, instead of refused.",
        ),
        optional("keepConnections", Takes::Flag, "Open connections stay."),
        optional(
            "withoutState",
            Takes::Flag,
            "All objects are lost, as over an empty etcd.",
        ),
    ],
    make: |a| {
        let outage = match a.flag("reset") {
            true => Outage::reset(),
            false => Outage::refused(),
        };
        let mut outage = outage.during(a.time("during"));
        outage.keeps_connections = a.flag("keepConnections");
        outage.loses_state = a.flag("withoutState");
        Fault::outage(outage)
    },
}];

/// Makes the server unreachable.
pub(crate) type Begin = Arc<dyn Fn(&Outage) + Send + Sync>;

/// The way from a request to the port: set once there is a port to close.
pub(crate) type Switch = Arc<OnceLock<Begin>>;

/// How a server cannot be reached, and for how long; see [`FakeApiServer::outage`](crate::FakeApiServer::outage).
///
/// ```
/// use fake_apiserver::{FakeApiServer, Outage};
///
/// let server = FakeApiServer::start_blocking();
/// let outage = server.outage(Outage::refused());
/// assert!(std::net::TcpStream::connect(server.address()).is_err());
/// drop(outage);
/// assert!(std::net::TcpStream::connect(server.address()).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an outage does nothing until it is given to a server"]
pub struct Outage {
    pub(crate) how: How,
    pub(crate) during: Option<Duration>,
    pub(crate) keeps_connections: bool,
    pub(crate) loses_state: bool,
}

/// What new connections meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// The port is closed.
    Refused,
    /// They are accepted and reset: the next ones, or all of them.
    Reset(Option<u64>),
}

impl Fault {
    /// The request finds the server going down: it is not handled, its connection is reset, and the outage begins.
    ///
    /// An outage that is not [`during`](Outage::during) a time, or for so many connections, lasts until
    /// [`FakeApiServer::end_outages`](crate::FakeApiServer::end_outages).
    ///
    /// ```
    /// use std::time::Duration;
    /// use fake_apiserver::{Fault, Outage};
    ///
    /// let outage = Outage::refused().during(Duration::from_secs(5));
    /// let fault = Fault::outage(outage).verb("update").nth(3);
    /// ```
    pub fn outage(outage: Outage) -> Self {
        Fault::new(Effect::Outage(outage))
    }
}

impl Outage {
    /// The fault as scripts write it; those without an end are none of theirs.
    pub(super) fn script(&self) -> Scripted {
        let scripted = Scripted::new("outage");
        let scripted = match self.during {
            Some(during) => scripted.with_time("during", during),
            None => scripted,
        };
        let scripted = match self.how {
            How::Refused => scripted,
            How::Reset(None) => scripted.with_flag("reset", true),
            How::Reset(Some(connections)) => scripted.with("resetNext", connections),
        };
        scripted
            .with_flag("keepConnections", self.keeps_connections)
            .with_flag("withoutState", self.loses_state)
    }

    fn new(how: How) -> Self {
        Outage {
            how,
            during: None,
            keeps_connections: false,
            loses_state: false,
        }
    }

    /// New connections are refused, as by a server that is not running. The port stays the server's own.
    ///
    /// ```
    /// let outage = fake_apiserver::Outage::refused();
    /// ```
    pub fn refused() -> Self {
        Outage::new(How::Refused)
    }

    /// New connections are accepted and then reset (RST), as by a load balancer with nothing behind it.
    ///
    /// ```
    /// let outage = fake_apiserver::Outage::reset();
    /// ```
    pub fn reset() -> Self {
        Outage::new(How::Reset(None))
    }

    /// The next new connections are accepted and then reset (RST), so many of them. (Refused connections cannot be
    /// counted: the kernel turns them away, and the server never hears of them.)
    ///
    /// ```
    /// let outage = fake_apiserver::Outage::reset_next(3);
    /// ```
    pub fn reset_next(connections: u64) -> Self {
        Outage::new(How::Reset(Some(connections)))
    }

    /// The server comes back by itself after this long, by its own clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let outage = fake_apiserver::Outage::refused().during(Duration::from_secs(30));
    /// ```
    pub fn during(mut self, span: Duration) -> Self {
        self.during = Some(span);
        self
    }

    /// Connections that are open stay so, their watches too: only new ones fail. Otherwise they are reset (RST) when the
    /// outage begins.
    ///
    /// ```
    /// let outage = fake_apiserver::Outage::refused().keeping_connections();
    /// ```
    pub fn keeping_connections(mut self) -> Self {
        self.keeps_connections = true;
        self
    }

    /// The server loses all objects, as if it came back over an empty etcd: the initial namespaces are made anew, and
    /// revisions count from the start again, which no client expects. The objects are gone when the outage begins, and
    /// open connections are reset whatever [`keeping_connections`](Self::keeping_connections) says.
    ///
    /// ```
    /// let outage = fake_apiserver::Outage::refused().without_state();
    /// ```
    pub fn without_state(mut self) -> Self {
        self.loses_state = true;
        self
    }
}
