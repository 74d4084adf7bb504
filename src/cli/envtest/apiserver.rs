//! kube-apiserver: a server by its flags, until it is told to stop or nobody is left to tell it.

use std::process::ExitCode;
use std::time::Duration;

use fake_apiserver::FakeApiServer;

use super::flags::{self, Flags, Use};
use super::{Call, environment, folder, options, parent, say};
use crate::cli::Failure;
use crate::cli::server::Level;
use crate::cli::signals::Signals;

/// How long requests in flight have when it is told to stop; who starts it waits for its end.
const PATIENCE: Duration = Duration::from_millis(10);

/// From this level on upstream logs requests too.
const VERBOSE: i64 = 2;

pub(super) async fn run(call: &Call) -> Result<ExitCode, Failure> {
    let flags = Flags::parse(&call.arguments)?;
    let version = folder::version(call.folder().as_deref());
    if flags.is_set("help") {
        say(&help());
        return Ok(ExitCode::SUCCESS);
    }
    if flags.value("version").is_some_and(|value| value != "false") {
        say(&format!(
            "Kubernetes v{}\n",
            version.trim_start_matches('v')
        ));
        return Ok(ExitCode::SUCCESS);
    }
    match flags.number("v") {
        Some(VERBOSE..) => Level::Info,
        _ => Level::Warn,
    }
    .install();
    check(&flags)?;
    serve(&flags, &version).await
}

async fn serve(flags: &Flags, version: &str) -> Result<ExitCode, Failure> {
    // From here on a signal is no reason to end without a word.
    let mut signals = Signals::listen()?;
    let builder = options::builder(flags, version)?;
    let server = environment::apply(builder)?.try_start().await?;
    tracing::info!(url = server.url(), version, "serving");
    tokio::select! {
        _ = signals.next() => {}
        () = parent::gone() => tracing::warn!("the process that has started this one is gone"),
    }
    environment::write_journal(&server)?;
    stop(server).await;
    Ok(ExitCode::SUCCESS)
}

async fn stop(server: FakeApiServer) {
    // Past this time it is dropped, which ends all at once.
    let _ = tokio::time::timeout(PATIENCE, server.shutdown()).await;
}

/// Ends here for what would make answers others than those asked for, and says of the rest what is not played.
fn check(flags: &Flags) -> Result<(), Failure> {
    let mut idle = Vec::new();
    for flag in flags.given() {
        match flag.becomes {
            Use::Acts => {}
            Use::Idle => idle.push(flag.name),
            Use::Noted => tracing::warn!("--{}: {}", flag.name, flag.text),
            Use::Refused if flags.value(flag.name).is_none() => {}
            Use::Refused => {
                let problem = format!(
                    "--{}: not played by this fake apiserver: {}",
                    flag.name, flag.text
                );
                return Err(problem.into());
            }
        }
    }
    if !idle.is_empty() {
        tracing::info!(flags = idle.join(" "), "taken, and nothing depends on them");
    }
    Ok(())
}

fn help() -> String {
    let mut help = "\
A fake Kubernetes API server, in memory, for tests. It takes the flags of kube-apiserver; what
reaches it by the environment is in `fake-apiserver envtest --help`.

Usage:
  kube-apiserver [flags]
"
    .to_owned();
    let parts = [
        ("Flags that act:", Use::Acts),
        ("Flags that are taken, with a difference:", Use::Noted),
        ("Flags that are refused:", Use::Refused),
        ("Flags nothing depends on:", Use::Idle),
    ];
    for (title, which) in parts {
        help.push_str(&format!("\n{title}\n"));
        for flag in flags::all().filter(|flag| flag.becomes == which) {
            help.push_str(&flag.line());
            help.push('\n');
        }
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_has_every_flag_on_a_line_of_its_own() {
        let help = help();
        for flag in flags::all() {
            let start = format!("      --{}", flag.name);
            assert!(help.lines().any(|line| line.starts_with(&start)), "{start}");
        }
    }
}
