//! The report as a page that needs nothing but itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{PointReport, Report};
use crate::sweep::point::ordinal;

const STYLE: &str = include_str!("style.css");
/// What the marks mean.
const LEGEND: &str = "<p class=\"legend\"><span class=\"same\">same</span> came out as when nothing fails \
     <span class=\"different\">failed</span> did not; follow it for the reasons \
     <span class=\"not-met\">not met</span> the request did not come this time</p>\n";

impl Report {
    /// As one HTML page: each request with the faults it has survived, and for those it has not the differences, the
    /// journal around, the rules that make it so elsewhere, and the line that replays it.
    ///
    /// ```no_run
    /// # let report = fake_apiserver::Sweep::new().try_run(|_| async {}).unwrap();
    /// std::fs::write("sweep.html", report.to_html()).unwrap();
    /// ```
    pub fn to_html(&self) -> String {
        let run = &self.0;
        let mut page = String::new();
        let verdict = match self.passed() {
            true => "passed",
            false => "failed",
        };
        // Nothing can go wrong with a text.
        let _ = write!(
            page,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sweep: {verdict}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
             <h1 class=\"{verdict}\">Sweep: {verdict}</h1>\n<p>{} requests, {} points: {} ({:.1} s)</p>\n",
            run.requests.len(),
            run.points.len(),
            escaped(&self.summary()),
            run.took.as_secs_f64()
        );
        self.requests(&mut page);
        let mut failures = self.failures().peekable();
        if failures.peek().is_some() {
            page.push_str("<h2>What failed</h2>\n");
        }
        failures.for_each(|point| point.html(&mut page));
        let remarks = self.remarks();
        if !remarks.is_empty() {
            let _ = write!(
                page,
                "<h2>What was not looked at</h2>\n<pre>{}</pre>\n",
                escaped(&remarks.join("\n"))
            );
        }
        page.push_str("</body></html>\n");
        page
    }

    /// A row for each request, a mark for each point.
    fn requests(&self, page: &mut String) {
        let mut rows: BTreeMap<u64, Vec<&PointReport>> = BTreeMap::new();
        for point in &self.0.points {
            rows.entry(point.number).or_default().push(point);
        }
        page.push_str(LEGEND);
        page.push_str("<table><tr><th>#</th><th>request</th><th>faults</th></tr>\n");
        for seen in &self.0.requests {
            let (number, what) = (seen.number, escaped(&ordinal(&seen.asked)));
            let _ = write!(
                page,
                "<tr id=\"request-{number}\"><td>{number}</td><td>{what}</td><td>"
            );
            for point in rows.get(&seen.number).into_iter().flatten() {
                let (id, told) = (escaped(&point.id), escaped(&point.told));
                let word = point
                    .id
                    .split_once(':')
                    .map_or(point.id.as_str(), |(_, word)| word);
                let (class, word) = (point.class(), escaped(word));
                let _ = match point.verdict().is_failure() {
                    true => write!(
                        page,
                        "<a class=\"{class}\" href=\"#{id}\" title=\"{told}\">{word}</a> "
                    ),
                    false => write!(
                        page,
                        "<span class=\"{class}\" title=\"{told}\">{word}</span> "
                    ),
                };
            }
            page.push_str("</td></tr>\n");
        }
        page.push_str("</table>\n");
    }
}

impl PointReport {
    fn class(&self) -> String {
        self.verdict().as_str().replace(' ', "-")
    }

    fn html(&self, page: &mut String) {
        let (id, verdict, told) = (escaped(&self.id), self.verdict(), escaped(&self.told));
        let class = self.class();
        let _ = write!(
            page,
            "<section id=\"{id}\"><h3><span class=\"{class}\">{verdict}</span> {id}</h3>\n\
             <p>{told} (<a href=\"#request-{}\">in the table</a>)</p>\n",
            self.number
        );
        let reasons: String = self
            .reasons()
            .iter()
            .map(|reason| format!("<li>{}</li>", escaped(reason)))
            .collect();
        let _ = writeln!(page, "<ul>{reasons}</ul>");
        self.differences(page);
        for (title, text) in [
            ("The requests around it", Some(self.journal.join("\n"))),
            ("As a script of faults", self.script()),
        ] {
            let Some(text) = text.as_deref().map(escaped) else {
                continue;
            };
            let _ = writeln!(
                page,
                "<details><summary>{title}</summary><pre>{text}</pre></details>"
            );
        }
        let _ = writeln!(
            page,
            "<p>Replay it:</p><pre>{}</pre></section>",
            escaped(&self.replay)
        );
    }

    fn differences(&self, page: &mut String) {
        let differences = &self.judged.differences;
        if differences.is_empty() {
            return;
        }
        page.push_str("<table class=\"diff\"><tr><th>object</th><th>path</th><th>reference</th><th>here</th></tr>\n");
        for difference in differences {
            let shown = |value: &Option<serde_json::Value>| {
                let text = value.as_ref().map(|value| format!("{value:#}"));
                text.map_or("<em>nothing</em>".to_owned(), |text| escaped(&text))
            };
            let (old, new) = (shown(&difference.reference), shown(&difference.here));
            let object = escaped(&difference.object);
            let path = match difference.path.as_str() {
                "" => "<em>all of it</em>".to_owned(),
                path => escaped(path),
            };
            let _ = writeln!(
                page,
                "<tr><td>{object}</td><td>{path}</td>\
                 <td class=\"old\"><pre>{old}</pre></td><td class=\"new\"><pre>{new}</pre></td></tr>"
            );
        }
        page.push_str("</table>\n");
    }
}

/// Text that is no markup, also within quotes; without characters that XML has no room for.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(
            escaped("<a href='x'>&\u{1b}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;\u{fffd}"
        );
    }
}
