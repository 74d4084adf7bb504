//! What the program does when nothing goes wrong: its requests, and how it leaves the cluster.

use std::collections::BTreeMap;

use super::diff::{self, Ignore};
use super::drive::{Over, Run};
use super::ended::Ended;
use super::identity::Identity;
use super::log::{self, Asked};
use super::seen::Seen;
use super::state::State;
use crate::error::Error;
use crate::journal::Journal;
use crate::kinds::Verb;

/// How many requests the program may make beyond ten times those of the reference.
const SPARE: usize = 500;

/// What runs are held against.
pub(crate) struct Reference {
    /// Those of the first run that came in all of them.
    pub(crate) requests: Vec<Seen>,
    pub(crate) state: State,
    /// What is not compared: what the test says, and what the references differ in.
    pub(crate) ignored: Vec<Ignore>,
    /// What was different between the references, in words.
    pub(crate) unstable: Vec<String>,
    /// The most that came of each request in any of them.
    pub(crate) counts: BTreeMap<Identity, u64>,
    /// The most writes that changed nothing, of each.
    pub(crate) idle_writes: BTreeMap<String, u64>,
    /// How the program ended.
    pub(crate) over: Over,
    /// More requests than this in a run are a storm.
    pub(crate) most: usize,
}

impl Reference {
    /// The runs must have ended well.
    pub(crate) fn of(runs: &[Run], ignored: &[Ignore]) -> Result<Self, Error> {
        let Some(first) = runs.first() else {
            return Err(Error::invalid(
                "the sweep",
                "there has to be one reference run",
            ));
        };
        runs.iter().try_for_each(usable)?;
        let mut reference = Reference {
            requests: seen(first),
            state: first.state.clone(),
            ignored: ignored.to_vec(),
            unstable: Vec::new(),
            counts: BTreeMap::new(),
            idle_writes: BTreeMap::new(),
            over: first.over.clone(),
            most: 0,
        };
        for run in runs {
            reference.take_in(run);
        }
        let total = runs
            .iter()
            .map(|run| run.asked.len())
            .max()
            .unwrap_or_default();
        reference.most = total
            .saturating_mul(10)
            .saturating_add(SPARE)
            .min(log::MAX_ASKED - 1);
        Ok(reference)
    }

    fn take_in(&mut self, run: &Run) {
        for difference in diff::differences(&self.state, &run.state, &self.ignored) {
            let rule = Ignore::of(&difference);
            self.unstable.push(format!(
                "the end state differs from reference to reference at {rule}"
            ));
            self.ignored.push(rule);
        }
        let counts = log::counts(&run.asked);
        let came = |asked: &Asked| {
            counts
                .get(&asked.identity)
                .is_some_and(|count| *count >= asked.nth)
        };
        let (kept, lost): (Vec<Seen>, Vec<Seen>) = std::mem::take(&mut self.requests)
            .into_iter()
            .partition(|seen| came(&seen.asked));
        self.requests = kept;
        self.unstable.extend(lost.iter().map(|seen| {
            let what = super::point::ordinal(&seen.asked);
            format!(
                "request {} ({what}) does not come in every reference, and is not swept",
                seen.number
            )
        }));
        for (identity, count) in counts {
            let most = self.counts.entry(identity).or_default();
            *most = count.max(*most);
        }
        for (object, count) in idle_writes(&run.journal) {
            let most = self.idle_writes.entry(object).or_default();
            *most = count.max(*most);
        }
    }
}

/// A reference that failed is none.
fn usable(run: &Run) -> Result<(), Error> {
    let problem = match &run.over {
        Over::Ended(Ended::Well) | Over::Quiet if run.asked.is_empty() => {
            "the program made no request; does it look at KUBECONFIG, or at the server it is given?"
                .to_owned()
        }
        Over::Ended(Ended::Well) | Over::Quiet => return Ok(()),
        Over::Ended(ended) => format!("nothing went wrong, and {ended}"),
        Over::NeverQuiet => format!(
            "nothing went wrong, and after {:?} it had neither ended nor become quiet{}",
            run.took,
            busiest(run)
        ),
        Over::Storm => format!(
            "nothing went wrong, and it made too many requests{}",
            busiest(run)
        ),
    };
    Err(Error::invalid("the reference run", problem))
}

fn busiest(run: &Run) -> String {
    let counts = log::counts(&run.asked);
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or_else(String::new, |(identity, count)| {
        format!("; it asked {count} times to {identity}")
    })
}

/// The requests with what the journal says of each: the n-th of a path and verb here is the n-th there.
fn seen(run: &Run) -> Vec<Seen> {
    // Code and events of each answer, by verb and path.
    type Answers = BTreeMap<(String, String), Vec<(Option<u16>, u64)>>;
    let mut answers = Answers::new();
    for entry in run.journal.iter().rev() {
        let info = entry.info();
        let events = entry.answer().watch.map_or(0, |watch| watch.events);
        let key = (info.verb().to_owned(), info.path.to_string());
        answers
            .entry(key)
            .or_default()
            .push((entry.answer().code, events));
    }
    let mut has_written = false;
    let numbered = (1..).zip(&run.asked);
    let seen = numbered.map(|(number, asked)| {
        let key = (asked.identity.verb.clone(), asked.path.clone());
        let answer = answers.get_mut(&key).and_then(Vec::pop);
        let (code, events) = answer.unwrap_or_default();
        let seen = Seen {
            number,
            asked: asked.clone(),
            code,
            events,
            after_a_write: has_written,
        };
        has_written |= seen.asked.identity.writes() && seen.succeeded();
        seen
    });
    seen.collect()
}

/// How often each object was written as it already was.
pub(crate) fn idle_writes(journal: &Journal) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in journal {
        let (request, answer) = (entry.request(), entry.answer());
        let writes = matches!(request.verb, Some(Verb::Update | Verb::Patch));
        let unchanged = entry.revision_before() == answer.revision;
        if writes && unchanged && answer.code.is_some_and(|code| code < 300) {
            let parts = [request.resource, request.namespace, request.name];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            *counts.entry(parts.join("/")).or_default() += 1;
        }
    }
    counts
}
