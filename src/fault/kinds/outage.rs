//! A server that goes down.

use crate::Fault;
use crate::fault::argument::{Argument, Arguments, Parameter, Takes, optional, required};
use crate::fault::effect::{Before, Effect};
use crate::fault::kind::{Act, FaultKind};
use crate::fault::outage::{How, Outage};

const DURING: Parameter = required("during", Takes::Time, "How long, by the server's clock.");
const RESET: Parameter = optional(
    "reset",
    Takes::Flag,
    "Connections are accepted and reset, instead of refused.",
);
const KEEP_CONNECTIONS: Parameter =
    optional("keepConnections", Takes::Flag, "Open connections stay.");
const WITHOUT_STATE: Parameter = optional(
    "withoutState",
    Takes::Flag,
    "All objects are lost, as over an empty etcd.",
);

pub(super) const KINDS: &[FaultKind] = &[FaultKind::new(
    "outage",
    "outage",
    "The request finds the server going down: its connection is reset, and no other succeeds for a while.",
    Act::Effect(|a, _| Effect::Before(Before::Outage(outage(a)))),
)
.told(&[DURING, RESET, KEEP_CONNECTIONS, WITHOUT_STATE])
.checked(|a| outage(a).check())];

/// Scripts know only those that end by themselves after a time.
fn outage(a: &Arguments) -> Outage {
    let mut outage = match a.number("resetNext") {
        Some(connections) => Outage::reset_next(connections),
        None if a.flag("reset") => Outage::reset(),
        None => Outage::refused(),
    };
    outage.during = a.get("during").map(|_| a.time("during"));
    outage.keeps_connections = a.flag("keepConnections");
    outage.loses_state = a.flag("withoutState");
    outage
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
        let mut fault = Fault::new(const { FaultKind::named(KINDS, "outage") });
        if let Some(during) = outage.during {
            fault = fault.with("during", Argument::Time(during));
        }
        fault = match outage.how {
            How::Refused => fault,
            How::Reset(None) => fault.with("reset", Argument::Flag(true)),
            How::Reset(Some(connections)) => fault.with("resetNext", Argument::Number(connections)),
        };
        fault
            .with("keepConnections", Argument::Flag(outage.keeps_connections))
            .with("withoutState", Argument::Flag(outage.loses_state))
    }
}
