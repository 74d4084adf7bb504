//! What came of a sweep, in all the forms it is read in.

mod html;
mod json;
mod junit;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::judge::{Judged, Verdict};
use super::seen::Seen;
use crate::codec::yaml;
#[cfg(feature = "record")]
use crate::error::Error;
use crate::journal::Journal;

/// How many requests before and after the first that met a fault are shown.
const BEFORE: usize = 5;
const AFTER: usize = 20;

/// What came of a sweep. It is shown as a table, with the reasons and the line that replays it for each point that failed.
///
/// ```
/// # use fake_apiserver::Sweep;
/// let report = Sweep::new().faults("500").try_run(|server| async move {
///     // … the client under test …
/// #   let client = tokio::net::TcpStream::connect(server.address()).await.unwrap();
/// #   client.writable().await.unwrap();
/// #   client.try_write(b"GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
/// #   client.readable().await.unwrap();
/// })?;
/// assert!(report.passed(), "{report}");
/// # Ok::<_, fake_apiserver::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a report says whether the sweep passed"]
pub struct Report(Run);

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) requests: Vec<Seen>,
    pub(crate) unstable: Vec<String>,
    pub(crate) points: Vec<PointReport>,
    pub(crate) left_out: BTreeMap<String, usize>,
    pub(crate) not_run: Vec<String>,
    pub(crate) took: Duration,
    pub(crate) budget: Option<Duration>,
}

/// What came of one point.
///
/// ```no_run
/// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
/// for point in report.points().iter().filter(|point| point.verdict().is_failure()) {
///     println!("{}: {}", point.id(), point.verdict());
/// }
/// ```
#[derive(Debug)]
pub struct PointReport {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) told: String,
    pub(crate) judged: Judged,
    pub(crate) extra_requests: u64,
    pub(crate) reruns: u32,
    pub(crate) journal: Vec<String>,
    pub(crate) script: Vec<Value>,
    pub(crate) replay: String,
    pub(crate) took: Duration,
    /// Of a point that was replayed.
    #[cfg(feature = "record")]
    pub(crate) played: Option<crate::sweep::contract::Played>,
}

impl PointReport {
    /// What [`Sweep::replay`](crate::Sweep::replay) takes: `17:applied-then-reset`.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// let ids: Vec<&str> = report.points().iter().map(|point| point.id()).collect();
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What came of it.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// assert!(report.points().iter().all(|point| !point.verdict().is_failure()));
    /// ```
    pub fn verdict(&self) -> Verdict {
        self.judged.verdict
    }

    /// What speaks for the verdict, the most telling first; nothing if it came out as the reference did.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// let why: Vec<&String> = report.points().iter().flat_map(|point| point.reasons()).collect();
    /// ```
    pub fn reasons(&self) -> &[String] {
        &self.judged.reasons
    }

    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    /// The [script of faults](crate::docs::faults) that makes the same happen to a program that runs without a sweep, of a
    /// point that failed or was replayed. None if no rules can say it.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().replay("1:500").try_run(|_| async {}).unwrap();
    /// std::fs::write("faults.yaml", report.points()[0].script().unwrap()).unwrap();
    /// ```
    pub fn script(&self) -> Option<String> {
        let script = json!({"faults": self.script});
        let is_there = !self.script.is_empty();
        is_there.then(|| String::from_utf8_lossy(&yaml::emit(&script)).into_owned())
    }

    /// The same as a [contract fixture](crate::fixture), of a point that was replayed: what the program asked, with the faults
    /// that it met, and what was answered. `fake-apiserver verify` and
    /// [`run_fixture`](crate::fixture::run_fixture) pass it; so it was made sure.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().replay("1:500").try_run(|_| async {}).unwrap();
    /// std::fs::write("fixtures/refused.yaml", report.points()[0].fixture()?)?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the point was not replayed, or no fixture can say what happens in it. The message tells what that is.
    #[cfg(feature = "record")]
    pub fn fixture(&self) -> Result<String, Error> {
        match &self.played {
            Some(played) => played.fixture(),
            None => Err(Error::invalid(
                &self.id,
                "only a point that was replayed becomes a fixture",
            )),
        }
    }

    /// The requests around the first that met a fault, a line each.
    pub(crate) fn around(journal: &Journal) -> Vec<String> {
        let met = journal.iter().position(|entry| !entry.faults().is_empty());
        let first = met.unwrap_or_default().saturating_sub(BEFORE);
        let shown = journal.iter().skip(first).take(BEFORE + AFTER);
        shown.map(ToString::to_string).collect()
    }
}

impl Report {
    pub(crate) fn new(run: Run) -> Self {
        Report(run)
    }

    /// Whether every point that was run came out as the reference did.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// assert!(report.passed(), "{report}");
    /// ```
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The points that were run, the most telling first.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// println!("{} points", report.points().len());
    /// ```
    pub fn points(&self) -> &[PointReport] {
        &self.0.points
    }

    /// How many points were not run: those that are like others, and those there was no time for.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().all().try_run(|_| async {}).unwrap();
    /// assert_eq!(report.left_out(), 0);
    /// ```
    pub fn left_out(&self) -> usize {
        self.0.left_out.values().sum::<usize>() + self.0.not_run.len()
    }

    fn failures(&self) -> impl Iterator<Item = &PointReport> {
        self.0
            .points
            .iter()
            .filter(|point| point.verdict().is_failure())
    }

    /// How many points had each verdict.
    fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for point in &self.0.points {
            *counts.entry(point.verdict()).or_default() += 1;
        }
        counts
    }

    /// `118 same, 2 different, of which 1 says that it failed`
    fn summary(&self) -> String {
        let counts = self.counts().into_iter();
        let counts: Vec<String> = counts
            .map(|(verdict, count)| format!("{count} {verdict}"))
            .collect();
        let admitted = self.failures().filter(|point| point.judged.is_admitted);
        match (counts.is_empty(), admitted.count()) {
            (true, _) => "no point".to_owned(),
            (false, 0) => counts.join(", "),
            (false, 1) => format!("{}, of which 1 says that it failed", counts.join(", ")),
            (false, admitted) => format!(
                "{}, of which {admitted} say that they failed",
                counts.join(", ")
            ),
        }
    }

    /// What was not run, and what was not compared, a sentence each.
    fn remarks(&self) -> Vec<String> {
        let run = &self.0;
        let mut remarks = run.unstable.clone();
        if !run.left_out.is_empty() {
            let count: usize = run.left_out.values().sum();
            remarks.push(format!(
                "{count} points were left out, since they are of the same kind as others that were run (--all, Sweep::all runs them):"
            ));
            remarks.extend(
                run.left_out
                    .iter()
                    .map(|(sort, count)| format!("  {count} × {sort}")),
            );
        }
        if !run.not_run.is_empty() {
            let (count, budget) = (run.not_run.len(), run.budget.unwrap_or_default().as_secs());
            remarks.push(format!(
                "{count} points were not run, since the budget of {budget} s was spent"
            ));
        }
        remarks
    }
}
