//! Where the report of a sweep goes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fake_apiserver::sweep::{PointReport, Report};

use crate::cli::{Failure, files};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct Outputs {
    /// Write the report to FILE as an HTML page that needs no network
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// Write it as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write it as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the point that is replayed as a script of faults, for exec --faults
    #[arg(long, value_name = "FILE.yaml", requires = "replay")]
    script: Option<PathBuf>,

    /// Write it as a contract fixture, for verify
    #[arg(long, value_name = "FILE.yaml", requires = "replay")]
    fixture: Option<PathBuf>,
}

impl Outputs {
    /// Prints the table, and writes what was asked for; of a point that was replayed, all there is.
    pub(super) fn write(&self, report: &Report, replays: bool) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.report {
            files::write_report(path, &report.to_html())?;
        }
        if let Some(path) = &self.junit {
            files::write_report(path, &report.to_junit())?;
        }
        if let Some(path) = &self.json {
            files::write_report(path, &format!("{:#}\n", report.to_json()))?;
        }
        let mut text = format!("{report}\n");
        if replays {
            text.push_str(&report.replayed());
        }
        // Nobody may be reading any more.
        let _ = std::io::stdout().write_all(text.as_bytes());
        for point in report.points() {
            self.write_point(point)?;
        }
        Ok(super::exit_code(report))
    }

    /// Writes what was asked for of the point that was replayed.
    fn write_point(&self, point: &PointReport) -> Result<(), Failure> {
        if let Some(path) = &self.script {
            let script = point.script().ok_or_else(|| {
                format!(
                    "{}: no rules of faults can say what happens in it",
                    point.id()
                )
            })?;
            files::write_report(path, &script)?;
        }
        if let Some(path) = &self.fixture {
            files::write_report(path, &point.fixture()?)?;
        }
        Ok(())
    }
}
