//! Outages: a server that cannot be reached for a while. They are about connections, before there is a request.

use std::time::Duration;

use crate::codec::script::write_duration;

/// How long an outage lasts at most, by any clock: who could end it cannot reach the server.
pub(crate) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// What an outage is done to.
pub(crate) trait Port: Send + Sync {
    /// Begins an outage.
    fn fail(&self, outage: &Outage);
}

/// How a server cannot be reached, and for how long; see [`FakeApiServer::outage`](crate::FakeApiServer::outage). After an
/// hour by the machine's clock it is over in any case.
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

impl Outage {
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

    /// The server comes back by itself after this long, by its own clock; an hour at most.
    ///
    /// ```
    /// use std::time::Duration;
    /// let outage = fake_apiserver::Outage::refused().during(Duration::from_secs(30));
    /// ```
    pub fn during(mut self, span: Duration) -> Self {
        self.during = Some(span);
        self
    }

    /// Refuses one that is to last longer than any does.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.during {
            Some(during) if during > LONGEST => Err(format!(
                "an outage lasts an hour at most, not {}",
                write_duration(during)
            )),
            _ => Ok(()),
        }
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
