//! The report for what collects the results of tests.

use std::fmt::Write as _;

use super::Report;
use super::html::escaped;
use crate::sweep::judge::Verdict;

impl Report {
    /// As JUnit's XML: a test case for each point.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// std::fs::write("sweep.xml", report.to_junit()).unwrap();
    /// ```
    pub fn to_junit(&self) -> String {
        let (points, failed) = (self.0.points.len(), self.failures().count());
        let skipped = self
            .counts()
            .get(&Verdict::NotMet)
            .copied()
            .unwrap_or_default();
        let took = self.0.took.as_secs_f64();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"sweep\" tests=\"{points}\" \
             failures=\"{failed}\" skipped=\"{skipped}\" time=\"{took:.3}\">\n"
        );
        for point in &self.0.points {
            let (id, told, took) = (
                escaped(&point.id),
                escaped(&point.told),
                point.took.as_secs_f64(),
            );
            // Nothing can go wrong with a text.
            let _ = write!(
                xml,
                "<testcase classname=\"sweep\" name=\"{id}: {told}\" time=\"{took:.3}\">"
            );
            let verdict = point.verdict();
            if verdict.is_failure() {
                let reasons = escaped(&point.reasons().join("\n"));
                let replay = escaped(&point.replay);
                let _ = write!(
                    xml,
                    "<failure message=\"{verdict}\">{reasons}\nreplay: {replay}</failure>"
                );
            } else if verdict == Verdict::NotMet {
                let _ = write!(
                    xml,
                    "<skipped message=\"the request did not come this time\"/>"
                );
            }
            xml.push_str("</testcase>\n");
        }
        xml.push_str("</testsuite>\n</testsuites>\n");
        xml
    }
}
