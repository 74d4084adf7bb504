//! A point as a contract fixture: what the program asked, with the faults that it met.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::drive;
use super::log::Asked;
use super::point::{self, Part, Point};
use super::state::Objects;
use super::trouble::Then;
use crate::Fault;
use crate::control::snapshot::Snapshot;
use crate::error::Error;
use crate::fixture::{Again, Fixture, Key, Scene, Target};
use crate::journal::{Entry, Journal, Outcome};
use crate::server::FakeApiServer;

/// The headers of a request that say something about its answer.
const HEADERS: [&str; 7] = [
    "user-agent",
    "accept",
    "content-type",
    "if-match",
    "if-none-match",
    "impersonate-user",
    "impersonate-group",
];

/// A run of a point, with the server that it began on.
pub(crate) struct Played {
    pub(crate) base: Arc<FakeApiServer>,
    pub(crate) snapshot: Snapshot,
    pub(crate) existed: BTreeSet<Key>,
    pub(crate) point: Point,
    pub(crate) asked: Vec<Asked>,
    pub(crate) journal: Journal,
}

impl fmt::Debug for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Played")
            .field("point", &self.point.id())
            .finish_non_exhaustive()
    }
}

/// What each object is found by.
pub(crate) fn keys(objects: &Objects) -> BTreeSet<Key> {
    let key = |object: &crate::object::Object| {
        let parts = [
            &*object.kind.group,
            &object.kind.plural,
            object.namespace(),
            object.name(),
        ];
        let [group, resource, namespace, name] = parts.map(str::to_owned);
        (group, resource, namespace, name)
    };
    objects.values().map(|object| key(object)).collect()
}

impl Played {
    /// The text of the fixture, which passes.
    pub(crate) fn fixture(&self) -> Result<String, Error> {
        let problem =
            |problem: String| Error::invalid(format!("a fixture of {}", self.point.id()), problem);
        // Whoever asks may be on a runtime, which must not be blocked on another.
        let text = std::thread::scope(|scope| scope.spawn(|| self.text()).join());
        match text {
            Ok(text) => text.map_err(problem),
            Err(_) => Err(problem("it could not be made".to_owned())),
        }
    }

    fn text(&self) -> Result<String, String> {
        let (mut faults, mut requests) = (Vec::new(), Vec::new());
        for (index, part) in self.point.parts.iter().enumerate() {
            let earlier = self.point.parts.get(..index).unwrap_or_default();
            faults.extend(self.rules(part, earlier)?);
        }
        for entry in &self.journal {
            requests.extend(again(entry)?);
        }
        let start = |problem: Error| problem.to_string();
        let server = self.base.try_fork(&self.snapshot).map_err(start)?;
        let untouched = self.base.try_fork(&self.snapshot).map_err(start)?;
        let scripts = faults.iter().map(Fault::to_script).collect();
        for fault in faults {
            server.install(fault.optional());
        }
        let scene = Scene {
            server: server.address(),
            start: untouched.address(),
            existed: self.existed.clone(),
            faults: scripts,
        };
        let runtime = drive::runtime().map_err(start)?;
        runtime.block_on(async {
            let text = scene.fixture(&requests, &self.point.told()).await?;
            let fixture = Fixture::parse("fixture", &text).map_err(start)?;
            let report = fixture.run(&Target::private()).await;
            match report.passed() {
                true => Ok(text),
                false => Err(format!(
                    "it would not pass on a server of its own:\n{report}"
                )),
            }
        })
    }

    /// The rules of a part, counting what the steps of the fixture ask and no earlier part answers.
    fn rules(&self, part: &Part, earlier: &[Part]) -> Result<Vec<Fault>, String> {
        let (id, identity) = (part.id(), &part.seen.asked.identity);
        let refused = |why: &str| Err(format!("{id} {why}"));
        if !part.seen.is_of_a_resource() {
            return refused(&format!(
                "is at {}, and rules are about resources",
                identity.resource
            ));
        }
        let faults = match (part.trouble.then, part.trouble.id) {
            (Then::Later, _) => return refused("takes its time, and no time passes in a fixture"),
            (Then::Recreate, _) => return refused("changes an object behind the program's back"),
            (_, "stale") => {
                return refused("goes back to a version that is another one in a fixture");
            }
            // The answer reaches nobody any more.
            (Then::Restart, _) if identity.writes() => vec![Fault::applied_then_reset()],
            (Then::Restart, _) => vec![Fault::reset()],
            _ => part.faults(0),
        };
        let is_like = |asked: &&Asked| {
            let other = &asked.identity;
            let is_seen = !earlier.iter().any(|part| part.is_about(asked));
            is_seen && (&other.verb, &other.resource) == (&identity.verb, &identity.resource)
        };
        let numbered = (1..).zip(self.asked.iter().filter(is_like));
        let met = numbered.filter(|(_, asked)| part.is_about(asked));
        let rules = ranges(met.map(|(number, _)| number)).into_iter();
        let rules = rules.flat_map(|(from, to)| {
            let rules = point::one_after_the_other(faults.clone());
            rules.map(move |fault| point::of_its_kind(fault, identity).attempts(from, to))
        });
        let rules: Vec<Fault> = rules.collect();
        match rules.is_empty() {
            true => refused("was not met"),
            false => Ok(rules),
        }
    }
}

/// The attempts that each rule acts on. What one acts on those after it do not see, and do not count.
fn ranges(numbers: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    let mut hidden = 0;
    let mut last = None;
    for number in numbers {
        match ranges.last_mut() {
            Some((_, to)) if last == Some(number - 1) => *to += 1,
            previous => {
                hidden += previous.map_or(0, |(from, to)| *to - *from + 1);
                ranges.push((number - hidden, number - hidden));
            }
        }
        last = Some(number);
    }
    ranges
}

/// A request to be made again; none of one that the run ended before.
fn again(entry: &Entry) -> Result<Option<Again>, String> {
    let (request, answer) = (entry.request(), entry.answer());
    let is_cut = matches!(answer.outcome, Outcome::Pending | Outcome::Abandoned);
    if is_cut && entry.faults().is_empty() {
        return Ok(None);
    }
    let (Some(method), Some(path)) = (request.method, request.path) else {
        return Err(format!("request {} was no HTTP", entry.index()));
    };
    if request.body.bytes.len() < request.body.len {
        return Err(format!(
            "the body of {method} {path} is longer than what the journal keeps"
        ));
    }
    let length = request.header("content-length").unwrap_or("0");
    let has_body = length != "0" || request.header("transfer-encoding").is_some();
    let header = |name: &str| Some((name.to_owned(), request.header(name)?.to_owned()));
    Ok(Some(Again {
        method: method.to_owned(),
        target: match request.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        },
        headers: HEADERS.into_iter().filter_map(header).collect(),
        body: request.body.bytes.to_vec(),
        is_unread: request.body.len == 0 && has_body,
        code: answer.code,
        events: answer.watch.map_or(0, |watch| watch.events),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_does_not_count_what_those_before_it_answer() {
        let ranges = |numbers: &[u64]| ranges(numbers.iter().copied());
        assert_eq!(ranges(&[]), []);
        assert_eq!(ranges(&[2, 3, 4]), [(2, 4)]);
        assert_eq!(ranges(&[1, 3, 4, 7]), [(1, 1), (2, 3), (4, 4)]);
    }
}
