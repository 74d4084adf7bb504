//! The report for programs.

use serde_json::{Value, json};

use super::{PointReport, Report};
use crate::sweep::point::ordinal;

impl Report {
    /// Everything, as JSON.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// println!("{:#}", report.to_json()["points"][0]["verdict"]);
    /// ```
    pub fn to_json(&self) -> Value {
        let run = &self.0;
        let requests: Vec<Value> = run
            .requests
            .iter()
            .map(|seen| {
                json!({
                    "number": seen.number,
                    "request": ordinal(&seen.asked),
                    "client": seen.asked.identity.client,
                    "code": seen.code,
                    "events": seen.events,
                })
            })
            .collect();
        let points: Vec<Value> = run.points.iter().map(PointReport::to_json).collect();
        json!({
            "passed": self.passed(),
            "seconds": run.took.as_secs_f64(),
            "requests": requests,
            "points": points,
            "unstable": run.unstable,
            "leftOut": run.left_out,
            "notRun": run.not_run,
        })
    }
}

impl PointReport {
    fn to_json(&self) -> Value {
        let differences: Vec<Value> = self
            .judged
            .differences
            .iter()
            .map(|difference| {
                json!({
                    "object": difference.object,
                    "path": difference.path,
                    "reference": difference.reference,
                    "here": difference.here,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "request": self.number,
            "fault": self.told,
            "verdict": self.verdict().as_str(),
            "reasons": self.reasons(),
            "admitted": self.judged.is_admitted,
            "differences": differences,
            "extraRequests": self.extra_requests,
            "reruns": self.reruns,
            "journal": self.journal,
            "faults": self.script,
            "replay": self.replay,
            "seconds": self.took.as_secs_f64(),
        })
    }
}
