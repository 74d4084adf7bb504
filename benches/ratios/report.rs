//! The table at the end.

use std::fmt;
use std::time::Duration;

use crate::cases::{Aim, Case};
use crate::rounds::Comparison;

/// The rows so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<[String; 7]>,
}

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
    pub(crate) fn add(&mut self, case: &Case, measured: Comparison) {
        let [low, ratio, high] = measured.ratio;
        let met = |met: bool| if met { "met" } else { "missed" };
        let aim = match case.aim {
            Aim::None => String::new(),
            Aim::Ratio(aim) => format!("{aim:.2} {}", met(ratio >= aim)),
            Aim::Within(time) => format!("{} {}", show(time), met(measured.ours <= time)),
        };
        self.rows.push([
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
        let header = HEADER.map(str::to_owned);
        let widths: Vec<usize> = (0..header.len())
            .map(|i| {
                let cells = std::iter::once(&header).chain(&self.rows);
                cells.map(|row| row[i].chars().count()).max().unwrap_or(0)
            })
            .collect();
        let line = |f: &mut fmt::Formatter<'_>, row: &[String; 7]| {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")
        };
        line(f, &header)?;
        for width in &widths {
            write!(f, "|{:-<1$}", "", width + 2)?;
        }
        writeln!(f, "|")?;
        self.rows.iter().try_for_each(|row| line(f, row))?;
        writeln!(
            f,
            "\nTimes are medians for one run; the ratio is the median over the rounds of the time it is held against, \
             divided by ours:\n1 is as fast, 0.5 takes twice as long. \"1000 of 20\" are 1000 rounds of 20 runs of each \
             side, taking turns."
        )
    }
}
