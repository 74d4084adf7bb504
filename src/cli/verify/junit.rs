//! The report as JUnit's XML, which CI servers read.

use std::io::{self, Write};

use fake_apiserver::fixture::Report;

/// Writes all reports as one suite. There are no times in it: the same run writes the same file.
pub(super) fn write(mut out: impl Write, reports: &[Report]) -> io::Result<()> {
    let failed = |report: &&Report| !report.passed() && report.skipped().is_none();
    let skipped = |report: &&Report| report.skipped().is_some();
    let counts = format!(
        "name=\"fake-apiserver verify\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        reports.len(),
        reports.iter().filter(failed).count(),
        reports.iter().filter(skipped).count(),
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites>\n  <testsuite {counts}>")?;
    for report in reports {
        write_case(&mut out, report)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    out.flush()
}

fn write_case(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let (class, name) = split(report.file());
    let case = format!(
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(class),
        escaped(name)
    );
    if report.passed() {
        return writeln!(out, "{case}/>");
    }
    writeln!(out, "{case}>")?;
    match report.skipped() {
        Some(why) => writeln!(out, "      <skipped message=\"{}\"/>", escaped(why))?,
        None => {
            let text = report.to_string();
            let (title, details) = text.split_once('\n').unwrap_or((&text, ""));
            let (title, details) = (escaped(title), escaped(details));
            writeln!(
                out,
                "      <failure message=\"{title}\">{details}</failure>"
            )?;
        }
    }
    writeln!(out, "    </testcase>")
}

/// `fixtures/endpoints/create` and `minimal` of `fixtures/endpoints/create/minimal.yaml`.
fn split(file: &str) -> (&str, &str) {
    let (class, name) = file.rsplit_once(['/', '\\']).unwrap_or(("", file));
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    (class, name)
}

/// Text for an attribute or an element. What no XML may contain is shown the way Rust writes it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c if c < ' ' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use fake_apiserver::fixture::{Fixture, Target};

    use super::*;

    async fn report(file: &str, text: &str) -> Report {
        Fixture::parse(file, text)
            .unwrap()
            .run(&Target::private())
            .await
    }

    #[tokio::test]
    async fn a_report_is_well_formed_whatever_is_in_it() {
        let passed = report("a/b \"x\".yaml", "description: A\nsteps: []").await;
        let failing = "description: Not <well> & \"good\"\nsteps:\n\
                       - request: GET /healthz\n  expect: {status: 200, text: \"\\u0001]]>\"}\n";
        let failed = report("c.yaml", failing).await;
        let mut out = Vec::new();
        write(&mut out, &[passed, failed]).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  \
             <testsuite name=\"fake-apiserver verify\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n    \
             <testcase classname=\"a\" name=\"b &quot;x&quot;\"/>\n    \
             <testcase classname=\"\" name=\"c\">\n      \
             <failure message=\"c.yaml: Not &lt;well&gt; &amp; &quot;good&quot;\">  line 3: GET /healthz\n    \
             header content-type: missing &quot;application/json&quot;\n    \
             header content-type: unexpected &quot;text/plain; charset=utf-8&quot;\n    \
             text line 1: expected &quot;\\u{1}]]&gt;&quot;, got &quot;ok&quot;\n</failure>\n    \
             </testcase>\n  </testsuite>\n</testsuites>\n"
        );
    }

    #[test]
    fn what_xml_cannot_contain_is_spelt_out() {
        assert_eq!(
            escaped("a\u{0}\u{1b}\u{ffff}\tä"),
            "a\\u{0}\\u{1b}\\u{ffff}\tä"
        );
    }
}
