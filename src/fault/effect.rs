//! What goes wrong: one variant a kind, each in a file of its own.

use super::answer::{Answer, Kind};
use super::catalogue::Scripted;
use super::connection::Connection;
use super::custom::Custom;
use super::latency::{Delay, Drip};
use super::outage::Outage;
use super::race::Race;
use super::stage::Facts;
use super::stale::Stale;
use super::watch::WatchFault;
use super::{accepted, catalogue, connection, paging, watch_list};

/// What a rule does to a request.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The request is not handled; this is the answer.
    Answer(Answer),
    /// Someone else writes first.
    Race(Race),
    /// The request is handled, and then the answer is lost this way.
    LoseAnswer(Loss),
    Delay(Delay),
    Drip(Drip),
    Connection(Connection),
    Watch(WatchFault),
    Stale(Stale),
    /// The server goes down.
    Outage(Outage),
    /// The history is compacted first.
    Compact,
    /// The next page is refused.
    ContinueExpires,
    /// A success becomes a 202.
    Accepted,
    Custom(Custom),
}

/// How the answer to a request that was handled is lost.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    Connection(Connection),
    /// Another answer takes its place.
    Answer(Answer),
}

impl Effect {
    /// What messages call a rule without a name.
    pub(crate) fn title(&self) -> String {
        match self {
            Effect::Answer(answer) => answer.title(),
            Effect::Race(race) => race.title().to_owned(),
            Effect::LoseAnswer(Loss::Connection(connection)) => {
                format!("applied, then {}", connection.title())
            }
            Effect::LoseAnswer(Loss::Answer(answer)) => format!("applied, then {}", answer.title()),
            Effect::Delay(_) => "delay".to_owned(),
            Effect::Drip(_) => "drip".to_owned(),
            Effect::Connection(connection) => connection.title(),
            Effect::Watch(fault) => fault.title(),
            Effect::Stale(_) => "stale view".to_owned(),
            Effect::Outage(_) => "outage".to_owned(),
            Effect::Compact => "compacted first".to_owned(),
            Effect::ContinueExpires => "continue token expired".to_owned(),
            Effect::Accepted => "202 Accepted".to_owned(),
            Effect::Custom(_) => "custom fault".to_owned(),
        }
    }

    /// Why it can do nothing to a request, if so: some faults are about requests of one kind.
    pub(crate) fn mismatch(&self, facts: &Facts<'_>) -> Option<String> {
        let (verb, query) = (facts.info.verb, facts.query);
        match self {
            Effect::Accepted => accepted::mismatch(verb),
            Effect::ContinueExpires => paging::mismatch(verb, query),
            Effect::Answer(answer) if answer.kind == Kind::WatchListDisabled => {
                watch_list::mismatch(verb, query)
            }
            Effect::Connection(connection) => connection::mismatch(connection, facts.ordinal),
            _ => None,
        }
    }

    /// Refuses what could not be done, or not as it was said.
    pub(super) fn check(&self) -> Result<(), String> {
        let Scripted { kind, parameters } = self.script();
        // A closure is no kind of script.
        let known = catalogue::find(kind).map_or(&[][..], |kind| kind.parameters);
        for parameter in known {
            if let Some(value) = parameters.get(parameter.name) {
                parameter.takes.check(parameter.name, value)?;
            }
        }
        match self {
            Effect::Answer(answer) => answer.check(),
            Effect::Delay(delay) => delay.length.check(),
            _ => Ok(()),
        }
    }

    /// The fault as scripts write it.
    pub(crate) fn script(&self) -> Scripted {
        match self {
            Effect::Answer(answer) => answer.script(None),
            Effect::Race(race) => race.script(),
            Effect::LoseAnswer(loss) => loss.script(),
            Effect::Delay(delay) => delay.script(),
            Effect::Drip(drip) => drip.script(),
            Effect::Connection(connection) => connection.script(),
            Effect::Watch(fault) => fault.script(),
            Effect::Stale(stale) => stale.script(),
            Effect::Outage(outage) => outage.script(),
            Effect::Compact => Scripted::new("compactedFirst"),
            Effect::ContinueExpires => Scripted::new("continueExpires"),
            Effect::Accepted => Scripted::new("accepted"),
            Effect::Custom(_) => Scripted::new("custom"),
        }
    }
}

impl Loss {
    fn script(&self) -> Scripted {
        match self {
            Loss::Connection(Connection::Hang) => Scripted::new("appliedThenSilence"),
            Loss::Connection(_) => Scripted::new("appliedThenReset"),
            Loss::Answer(answer) if answer.kind == Kind::GatewayTimeout => {
                answer.script(Some("appliedThenTimeout"))
            }
            Loss::Answer(answer) => answer.script(Some("appliedThenInternalError")),
        }
    }
}
