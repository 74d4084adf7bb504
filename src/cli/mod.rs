//! The command line: one subcommand, one file.

mod envtest;
mod exec;
mod files;
mod kubeconfig;
mod reachable;
mod record;
mod schema;
mod serve;
mod server;
mod signals;
mod sweep;
mod upstream;
mod verify;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub(crate) use envtest::Program;

/// Why a command came to nothing.
pub(crate) type Failure = Box<dyn Error>;

/// What a command ends with; an error is printed as one line.
pub(crate) type Exit = Result<ExitCode, Failure>;

const FAILURE: u8 = 1;
/// Also of a command that could not do what it was asked to find out.
const USAGE: u8 = 2;

/// An in-memory fake Kubernetes apiserver for tests: real HTTP, the real server's answers.
#[derive(Debug, Parser)]
#[command(name = "fake-apiserver", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Exec(exec::Exec),
    Envtest(envtest::Envtest),
    Verify(verify::Verify),
    Schema(schema::Schema),
    Record(record::Record),
    Sweep(Box<sweep::Sweep>),
    /// What `exec` and `record` start beside a command.
    #[command(hide = true)]
    WatchGroup(exec::Watch),
}

impl Arguments {
    pub(crate) async fn run(self) -> Exit {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::Exec(exec) => exec.run().await,
            Command::Envtest(envtest) => envtest.run(),
            Command::Verify(verify) => verify.run().await,
            Command::Schema(schema) => schema.run(),
            Command::Record(record) => record.run().await,
            Command::Sweep(sweep) => sweep.run().await,
            Command::WatchGroup(watch) => watch.run(),
        }
    }
}

/// Answers a command line that is no command: with the help that was asked for, or with what is wrong in one line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody may be reading any more.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(USAGE)
        }
        _ => {
            complain(&one_line(&error.to_string()));
            ExitCode::from(USAGE)
        }
    }
}

/// Says why a command came to nothing.
pub(crate) fn failure(message: &str) -> ExitCode {
    failure_with(FAILURE, message)
}

/// The same with an exit code of the command's own.
pub(crate) fn failure_with(code: u8, message: &str) -> ExitCode {
    complain(&without_os_error(message).replace('\n', " "));
    ExitCode::from(code)
}

/// Says why a command that tells good from bad could do neither.
pub(crate) fn cannot_run(message: &str) -> ExitCode {
    for line in message.lines() {
        complain(&without_os_error(line));
    }
    ExitCode::from(USAGE)
}

pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "fake-apiserver: {message}");
}

/// Clap's message without the usage below it.
fn one_line(message: &str) -> String {
    let parts: Vec<&str> = message
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    // A list follows its introduction.
    let line = parts.join("; ").replace(":; ", ": ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    format!("{line} (see --help)")
}

/// Rust appends ` (os error 98)` to the system's own words.
fn without_os_error(message: &str) -> String {
    let Some((before, rest)) = message.split_once(" (os error ") else {
        return message.to_owned();
    };
    let after = rest.split_once(')').map_or("", |(_number, after)| after);
    format!("{before}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_number_of_a_system_error_is_left_out() {
        let message = "a: Permission denied (os error 13) at path \"b\"";
        assert_eq!(
            without_os_error(message),
            "a: Permission denied at path \"b\""
        );
    }
}
