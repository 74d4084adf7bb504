//! What is left of the server when its command has ended.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fake_apiserver::FakeApiServer;

use crate::cli::{Failure, files};

/// The journal entries kept for `--journal`, which is to have them all.
const JOURNAL_LIMIT: usize = 100_000;

#[derive(Debug, Args)]
#[command(next_help_heading = "Afterwards")]
pub(super) struct Reports {
    /// Write what was asked and answered to FILE: as JSON if its name ends in .json, else a line each
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Write which documented codes of which operations were met to FILE: as JSON if its name ends in
    /// .json, else as a table
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,

    /// End with 1, and say what came close, if a fault never acted though the command succeeded
    #[arg(long)]
    fail_on_unused_faults: bool,
}

impl Reports {
    /// How many requests the server has to remember, if it matters.
    pub(super) fn journal_limit(&self) -> Option<usize> {
        self.journal.is_some().then_some(JOURNAL_LIMIT)
    }

    /// Writes what was asked for; the code to end with, where the command had none to complain of.
    pub(super) fn write(&self, server: &FakeApiServer) -> Result<Option<ExitCode>, Failure> {
        if let Some(path) = &self.journal {
            let journal = server.journal();
            let text = match extension(path) {
                "json" => format!("{:#}\n", journal.to_json()),
                _ => format!("{journal}\n"),
            };
            files::write_report(path, &text)?;
        }
        if let Some(path) = &self.coverage {
            let coverage = server.coverage();
            let text = match extension(path) {
                "json" => format!("{:#}\n", coverage.to_json()),
                _ => format!("{coverage}\n"),
            };
            files::write_report(path, &text)?;
        }
        let unused = match self.fail_on_unused_faults {
            true => server.unused_faults(),
            false => Vec::new(),
        };
        for problem in &unused {
            crate::cli::complain(problem);
        }
        Ok((!unused.is_empty()).then_some(ExitCode::FAILURE))
    }
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default()
}
