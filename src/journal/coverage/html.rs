//! Coverage as one page that needs nothing else.

use std::fmt::Write as _;

use crate::codec::html;

use super::{Cell, Coverage, documented};

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API coverage</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
table { border-collapse: collapse; }
caption { text-align: left; padding: .5rem 0; }
th, td { padding: .3rem .6rem; border: 1px solid #ddd; text-align: right; }
thead th { position: sticky; top: 0; background: #f4f4f4; }
tbody th { text-align: left; font-weight: normal; white-space: nowrap; }
.met { background: #d4f0d4; }
.missing { background: #fbdcdc; color: #a33; }
.extra { background: #dde8fb; }
</style>
"#;

impl Coverage {
    /// One page with the table, without anything from elsewhere.
    ///
    /// ```
    /// let page = fake_apiserver::Coverage::default().to_html();
    /// assert!(page.starts_with("<!DOCTYPE html>"));
    /// ```
    pub fn to_html(&self) -> String {
        let documented = documented();
        let all = documented.len();
        let met = all - self.missing().len();
        let percent = met * 100 / all.max(1);
        let mut page = HEAD.to_owned();
        let _ = write!(
            page,
            "<h1>API coverage</h1>\n<p>{met} of {all} documented pairs met ({percent} %).</p>\n<table>\n\
             <caption>How often each operation was answered with each code. \
             <span class=\"met\">Met</span>, <span class=\"missing\">missing</span>, \
             <span class=\"extra\">met though not documented</span>.</caption>\n<thead><tr><th>operation</th>"
        );
        for code in self.columns() {
            let _ = write!(page, "<th>{code}</th>");
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for row in self.rows() {
            let _ = write!(page, "<tr><th>{}</th>", html::escape(&row));
            for cell in self.cells(&row, &documented) {
                page.push_str(&html(cell));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n</html>\n");
        page
    }
}

fn html(cell: Cell) -> String {
    match cell {
        Cell::Met(count) => format!("<td class=\"met\">{count}</td>"),
        Cell::Extra(count) => format!("<td class=\"extra\">{count}</td>"),
        Cell::Missing => "<td class=\"missing\">&ndash;</td>".to_owned(),
        Cell::Blank => "<td></td>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::met;

    #[test]
    fn the_page_needs_nothing_else_and_escapes_what_it_shows() {
        let page = met(&[("get endpoints", 200, 3), ("<b>", 418, 1)]).to_html();
        assert!(page.contains("<th>get endpoints</th><td class=\"met\">3</td>"));
        assert!(page.contains("&lt;b&gt;") && page.contains("class=\"extra\">1<"));
        for outside in ["http:", "https:", "src=", "<script", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
