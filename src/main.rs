//! The fake-apiserver binary: what the library does, for tests in any language.
//!
//! Its own help says how to use it: `fake-apiserver serve --help`.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(program) = cli::Program::called() {
        return program.run().await;
    }
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage(&error),
    };
    match arguments.run().await {
        Ok(code) => code,
        Err(error) => cli::failure(&error.to_string()),
    }
}
