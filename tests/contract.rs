//! Every contract fixture, each on a server of its own, all at once.
//!
//! A filter takes some: `cargo test --features fixture --test contract endpoints/update`.

use std::path::Path;
use std::process::ExitCode;

use fake_apiserver::fixture;
use libtest_mimic::{Arguments, Failed, Trial};

const ROOT: &str = "fixtures";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let files = fixture::find(ROOT).expect("the fixtures can be listed");
    assert!(!files.is_empty(), "there are no fixtures in {ROOT}/");
    let trials = files
        .into_iter()
        .map(|file| {
            let name = name(&file);
            Trial::test(name, move || run(&file))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `endpoints/create/minimal`
fn name(file: &Path) -> String {
    let below = file.strip_prefix(ROOT).unwrap_or(file);
    below
        .with_extension("")
        .to_string_lossy()
        .replace('\\', "/")
}

fn run(file: &Path) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(fixture::run_fixture(file))?;
    if report.passed() {
        Ok(())
    } else {
        Err(report.to_string().into())
    }
}
