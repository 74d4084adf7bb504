//! What is made of a run: a verdict, and the reasons for it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use super::diff::{self, Difference};
use super::drive::{Over, Run};
use super::ended::Ended;
use super::identity::Identity;
use super::log::{self, Asked};
use super::point::{Part, Point};
use super::reference::{Reference, idle_writes};
use super::trouble::Then;

/// So many more requests of one kind than in the reference, within a second, are a hot loop.
const HOT: usize = 20;
const HOT_WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// How many writes may change nothing beyond those of the reference.
const IDLE: u64 = 3;
/// What a client must wait after `Retry-After: 1`; clocks and rounding make it a little less.
const RETRY_AFTER: SignedDuration = SignedDuration::from_millis(900);

/// What came of a point.
///
/// ```
/// assert_eq!(fake_apiserver::sweep::Verdict::NeverQuiet.as_str(), "never quiet");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// It came out as the reference did, or gave up cleanly where it had to.
    Same,
    /// The request that was to fail did not come this time.
    NotMet,
    /// The end state is another one, or the program said that it had failed.
    Different,
    /// It neither ended nor came to rest.
    NeverQuiet,
    /// It panicked, or was ended by a signal.
    Crashed,
    /// It asked too often, or sooner than it was told.
    Storm,
}

impl Verdict {
    /// The word for it.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::sweep::Verdict::Same.as_str(), "same");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::NotMet => "not met",
            Verdict::Different => "different",
            Verdict::NeverQuiet => "never quiet",
            Verdict::Crashed => "crashed",
            Verdict::Storm => "storm",
        }
    }

    /// Whether the program has a fault of its own.
    ///
    /// ```
    /// use fake_apiserver::sweep::Verdict;
    /// assert!(Verdict::Different.is_failure() && !Verdict::NotMet.is_failure());
    /// ```
    pub fn is_failure(self) -> bool {
        !matches!(self, Verdict::Same | Verdict::NotMet)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict with its reasons, the most telling first.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<String>,
    pub(crate) differences: Vec<Difference>,
    /// The program says itself that it has failed.
    pub(crate) is_admitted: bool,
}

/// Judges a run.
pub(crate) fn judge(run: &Run, point: &Point, reference: &Reference) -> Judged {
    let lasts = point.has(Then::Lasting);
    let mut found: Vec<(Verdict, String)> = Vec::new();
    found.extend(ending(run, reference, lasts));
    found.extend(
        hot_loops(run, reference)
            .into_iter()
            .map(|told| (Verdict::Storm, told)),
    );
    found.extend(too_soon(run, point).map(|told| (Verdict::Storm, told)));
    let mut differences = Vec::new();
    // Who is refused for good cannot get there.
    if !lasts {
        differences = diff::differences(&reference.state, &run.state, &reference.ignored);
        found.extend(
            differences
                .iter()
                .map(|difference| (Verdict::Different, difference.to_string())),
        );
        let new = run
            .state
            .unsound
            .iter()
            .filter(|told| !reference.state.unsound.contains(told));
        found.extend(new.map(|told| (Verdict::Different, told.clone())));
        found.extend(needless(run, reference).map(|told| (Verdict::Storm, told)));
    }
    let worst = found
        .iter()
        .map(|(verdict, _)| *verdict)
        .max_by_key(|verdict| weight(*verdict));
    let verdict = match (worst, run.met) {
        (Some(verdict), _) => verdict,
        (None, true) => Verdict::Same,
        (None, false) => Verdict::NotMet,
    };
    found.sort_by_key(|(verdict, _)| std::cmp::Reverse(weight(*verdict)));
    Judged {
        verdict,
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
        differences,
        is_admitted: matches!(run.over, Over::Ended(Ended::Failed(_))),
    }
}

/// Which verdict hides which.
fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Same | Verdict::NotMet => 0,
        Verdict::Different => 1,
        Verdict::Storm => 2,
        Verdict::NeverQuiet => 3,
        Verdict::Crashed => 4,
    }
}

/// What is wrong with how it ended.
fn ending(run: &Run, reference: &Reference, lasts: bool) -> Option<(Verdict, String)> {
    match &run.over {
        Over::Ended(Ended::Crashed(why)) => Some((Verdict::Crashed, why.clone())),
        Over::Ended(Ended::Failed(_)) if lasts => None,
        Over::Ended(ended @ (Ended::Failed(_) | Ended::NotRun(_))) => {
            Some((Verdict::Different, ended.to_string()))
        }
        Over::Ended(Ended::Well) if reference.over == Over::Quiet && !lasts => Some((
            Verdict::Different,
            "it ended, which it did not in the reference".to_owned(),
        )),
        Over::NeverQuiet if lasts => None,
        Over::NeverQuiet => {
            let told = format!(
                "after {} it had neither ended nor become quiet",
                seconds(run.took)
            );
            Some((Verdict::NeverQuiet, told))
        }
        Over::Storm => Some((
            Verdict::Storm,
            format!("it made {} requests and was stopped", run.asked.len()),
        )),
        Over::Ended(Ended::Well) | Over::Quiet => None,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Requests of one kind that came much faster than they did in the reference.
fn hot_loops(run: &Run, reference: &Reference) -> Vec<String> {
    let mut times: BTreeMap<&Identity, Vec<&Asked>> = BTreeMap::new();
    for asked in &run.asked {
        times.entry(&asked.identity).or_default().push(asked);
    }
    let mut found = Vec::new();
    for (identity, asked) in times {
        let usual = reference.counts.get(identity).copied().unwrap_or_default();
        let most = usize::try_from(usual)
            .unwrap_or(usize::MAX)
            .saturating_add(HOT);
        let within = |window: &[&Asked]| match window {
            [first, .., last] => last.at.duration_since(first.at) <= HOT_WITHIN,
            _ => false,
        };
        if asked.windows(most).any(within) {
            found.push(format!(
                "a hot loop: {identity} came {} times, {most} of them within a second; {usual} in the reference",
                asked.len()
            ));
        }
    }
    found
}

/// The same client asked the same again before the time that a 429 had told it.
fn too_soon(run: &Run, point: &Point) -> impl Iterator<Item = String> {
    let mut found = BTreeMap::new();
    // Who is killed forgets what it was told.
    let parts = match point.has(Then::Restart) {
        true => &[],
        false => point.parts.as_slice(),
    };
    // The first part that is about a request is the one that answers it.
    let answers = |part: &Part, asked: &Asked| {
        let first = parts.iter().find(|part| part.is_about(asked));
        first.is_some_and(|first| std::ptr::eq(first, part))
    };
    for part in parts.iter().filter(|part| part.trouble.id.ends_with("429")) {
        let refused = run.asked.iter().filter(|asked| answers(part, asked));
        for refusal in refused {
            let mut later = run
                .asked
                .iter()
                .filter(|asked| asked.identity == refusal.identity && asked.nth == refusal.nth + 1);
            let waited = later
                .next()
                .map(|again| again.at.duration_since(refusal.at));
            if let Some(waited) = waited.filter(|waited| *waited < RETRY_AFTER) {
                let told = format!(
                    "{} came again {} ms after a 429 with Retry-After: 1",
                    refusal.identity,
                    waited.as_millis()
                );
                found.entry(refusal.identity.clone()).or_insert(told);
            }
        }
    }
    found.into_values()
}

/// Objects that were written over and over as they already were.
fn needless(run: &Run, reference: &Reference) -> impl Iterator<Item = String> {
    let counts = idle_writes(&run.journal).into_iter();
    counts.filter_map(|(object, count)| {
        let usual = reference
            .idle_writes
            .get(&object)
            .copied()
            .unwrap_or_default();
        (count > usual + IDLE).then(|| {
            format!(
                "{object} was written {count} times as it already was; {usual} in the reference"
            )
        })
    })
}

/// How many requests there were beyond those of the reference.
pub(crate) fn extra_requests(run: &Run, reference: &Reference) -> u64 {
    let counts = log::counts(&run.asked).into_iter();
    let extra = counts.map(|(identity, count)| {
        let usual = reference.counts.get(&identity).copied().unwrap_or_default();
        count.saturating_sub(usual)
    });
    extra.sum()
}
