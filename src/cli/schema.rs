//! `fake-apiserver schema`: what editors need to complete and check the files people write.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use fake_apiserver::Fault;
use fake_apiserver::fixture::Fixture;

use super::Exit;

/// The part of the help that is about no single flag.
const NOTES: &str = "\
Example:
  For an editor with the YAML language server, such as VS Code: once
    fake-apiserver schema fixture > fixture.schema.json
  and then as the first line of each fixture
    # yaml-language-server: $schema=fixture.schema.json";

/// Print the JSON Schema of a kind of file
///
/// Editors complete and check files with it.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Schema {
    /// The kind of file
    kind: FileKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileKind {
    /// Contract fixtures, as `verify` runs them
    Fixture,
    /// Fault scripts, as `serve --faults` takes them
    Faults,
}

impl Schema {
    pub(crate) fn run(self) -> Exit {
        let text = match self.kind {
            FileKind::Fixture => Fixture::schema().to_owned(),
            FileKind::Faults => format!("{:#}\n", Fault::script_schema()),
        };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
