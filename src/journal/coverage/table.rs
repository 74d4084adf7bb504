//! Coverage for the terminal.

use std::fmt;

use super::{Cell, Coverage, documented};

/// A row an operation, a column a code: the count where it was met, a dash where it is missing.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let documented = documented();
        let (rows, columns) = (self.rows(), self.columns());
        let widest = rows.iter().map(String::len).max().unwrap_or_default();
        write!(f, "{:widest$}", "")?;
        columns
            .iter()
            .try_for_each(|code| write!(f, " {code:>5}"))?;
        writeln!(f)?;
        for row in &rows {
            let cells = self
                .cells(row, &documented)
                .into_iter()
                .map(|cell| match cell {
                    Cell::Met(count) | Cell::Extra(count) => count.to_string(),
                    Cell::Missing => "-".to_owned(),
                    Cell::Blank => String::new(),
                });
            let cells: String = cells.map(|cell| format!(" {cell:>5}")).collect();
            writeln!(f, "{}", format!("{row:widest$}{cells}").trim_end())?;
        }
        let (all, missing) = (documented.len(), self.missing().len());
        write!(f, "{} of {all} documented pairs met", all - missing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::met;

    #[test]
    fn a_row_shows_counts_and_dashes() {
        let coverage = met(&[("get endpoints", 200, 12), ("get secrets", 418, 1)]);
        let text = coverage.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].trim_start().starts_with("200   201   202   400"),
            "{text}"
        );
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words[..5], ["get", "endpoints", "12", "-", "-"]);
        let extra = lines.iter().find(|line| line.starts_with("get secrets"));
        assert!(extra.unwrap().ends_with('1'), "{text}");
        assert!(lines.last().unwrap().starts_with("1 of "), "{text}");
    }
}
