//! The table at the end.

use std::fmt;
use std::time::Duration;

use crate::cases::{Aim, Case};
use crate::rounds::Comparison;

/// Rows below a header, in columns.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(header: [&str; N]) -> Self {
        Table {
            rows: vec![header.map(str::to_owned)],
        }
    }

    pub(crate) fn add(&mut self, row: [String; N]) {
        self.rows.push(row);
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |i: usize| {
            let cells = self.rows.iter().map(|row| row[i].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..N).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                for width in &widths {
                    write!(f, "|{:-<1$}", "", width + 2)?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// The table of times.
pub(crate) struct Report(Table<7>);

const HEADER: [&str; 7] = [
    "operation",
    "ours",
    "against",
    "ratio",
    "quartiles",
    "aim",
    "rounds",
];

impl Report {
    pub(crate) fn new() -> Self {
        Report(Table::new(HEADER))
    }

    pub(crate) fn add(&mut self, case: &Case, measured: Comparison) {
        let [low, ratio, high] = measured.ratio;
        let met = |met: bool| if met { "met" } else { "missed" };
        let aim = match case.aim {
            Aim::None => String::new(),
            Aim::Ratio(aim) => format!("{aim:.2} {}", met(ratio >= aim)),
            Aim::Within(time) => format!("{} {}", show(time), met(measured.ours <= time)),
            Aim::Above(time) => {
                let is_met = measured.ours <= measured.other + time;
                format!("+{} {}", show(time), met(is_met))
            }
        };
        self.0.add([
            case.name.to_owned(),
            show(measured.ours),
            format!("{} {}", case.against, show(measured.other)),
            format!("{ratio:.2}"),
            format!("{low:.2} to {high:.2}"),
            aim,
            format!("{} of {}", measured.rounds, measured.repeats),
        ]);
    }
}

fn show(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1000.0 {
        format!("{micros:.1} µs")
    } else {
        format!("{:.2} ms", micros / 1000.0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\nTimes are medians for one run; the ratio is the median over the rounds of the time it is held against, \
             divided by ours:\n1 is as fast, 0.5 takes twice as long. \"1000 of 20\" are 1000 rounds of 20 runs of each \
             side, taking turns.",
            self.0
        )
    }
}
