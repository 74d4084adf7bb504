//! The report for a terminal.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::{PointReport, Report};
use crate::sweep::judge::Verdict;
use crate::sweep::point::ordinal;

/// How many reasons of a point are shown.
const REASONS: usize = 12;

/// A row for each request, what failed with its reasons, what was left out, and the sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: BTreeMap<u64, Vec<&PointReport>> = BTreeMap::new();
        for point in &self.0.points {
            rows.entry(point.number).or_default().push(point);
        }
        for seen in &self.0.requests {
            let points = rows
                .get(&seen.number)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let remarkable = points.iter().filter_map(|point| match point.verdict() {
                Verdict::Same => None,
                Verdict::NotMet => Some(format!("{} not met", point.id)),
                failed => Some(format!("{} {}", point.id, failed.as_str().to_uppercase())),
            });
            let remarkable: Vec<String> = remarkable.collect();
            let what = ordinal(&seen.asked);
            write!(
                f,
                "{:>4}  {what:<60}  {:>3} points",
                seen.number,
                points.len()
            )?;
            match remarkable.is_empty() {
                true => writeln!(f)?,
                false => writeln!(f, "  {}", remarkable.join(", "))?,
            }
        }
        for point in self.failures() {
            write!(f, "\n{point}")?;
        }
        writeln!(f)?;
        for remark in self.remarks() {
            writeln!(f, "{remark}")?;
        }
        let (requests, points) = (self.0.requests.len(), self.0.points.len());
        let took = self.0.took.as_secs_f64();
        write!(
            f,
            "{requests} requests, {points} points: {} ({took:.1} s)",
            self.summary()
        )
    }
}

impl Report {
    /// What was asked and answered around the fault of each point, and the fault as a script.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().replay("1:500").try_run(|_| async {}).unwrap();
    /// print!("{}", report.replayed());
    /// ```
    pub fn replayed(&self) -> String {
        let mut text = String::new();
        for point in &self.0.points {
            let verdict = point.verdict();
            // Nothing can go wrong with a text.
            let _ = write!(text, "\n{}: {verdict}{}", point.id, point.replayed());
        }
        text
    }
}

impl PointReport {
    /// The requests around its fault, and the fault as a script.
    pub(crate) fn replayed(&self) -> String {
        let mut text = format!("\n{}\n", self.journal.join("\n"));
        if let Some(script) = self.script() {
            // Nothing can go wrong with a text.
            let _ = write!(text, "\nAs a script of faults:\n{script}");
        }
        text
    }
}

/// The id and the verdict, what happens, the reasons, and what replays it.
impl fmt::Display for PointReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.id, self.verdict().as_str().to_uppercase())?;
        writeln!(f, "  {}", self.told)?;
        let reasons = self.reasons();
        for reason in reasons.iter().take(REASONS) {
            writeln!(f, "  - {}", reason.replace('\n', "\n    "))?;
        }
        if reasons.len() > REASONS {
            writeln!(f, "  - and {} more", reasons.len() - REASONS)?;
        }
        writeln!(f, "  replay: {}", self.replay)
    }
}
