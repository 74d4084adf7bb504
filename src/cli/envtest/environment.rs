//! What reaches a server that somebody else starts: by the environment, as a suite passes that on.

use std::env;
use std::path::{Path, PathBuf};

use fake_apiserver::{FakeApiServer, FakeApiServerBuilder};

use crate::cli::{Failure, files};

const FAULTS: &str = "FAKE_APISERVER_FAULTS";
const OBJECTS: &str = "FAKE_APISERVER_OBJECTS";
const SEED: &str = "FAKE_APISERVER_SEED";
const JOURNAL: &str = "FAKE_APISERVER_JOURNAL";
const CONTROLLERS: &str = "FAKE_APISERVER_CONTROLLERS";

/// How many requests are kept for the journal, which is to have them all.
pub(super) const JOURNAL_LIMIT: usize = 100_000;

/// The server with what the environment says of it.
pub(super) fn apply(mut builder: FakeApiServerBuilder) -> Result<FakeApiServerBuilder, Failure> {
    for path in paths(FAULTS) {
        builder = builder.faults_file(path);
    }
    for path in paths(OBJECTS) {
        builder = builder.objects_file(path);
    }
    if let Some(seed) = text(SEED) {
        let seed = seed.parse().map_err(|_| wrong(SEED, &seed, "a number"))?;
        builder = builder.random_seed(seed);
    }
    let controllers = match text(CONTROLLERS).as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(other) => return Err(wrong(CONTROLLERS, other, "true or false").into()),
    };
    Ok(builder.controllers(controllers))
}

/// Whether the journal is to be written at the end.
pub(super) fn wants_journal() -> bool {
    text(JOURNAL).is_some()
}

/// Writes the journal where the environment says, if it does.
pub(super) fn write_journal(server: &FakeApiServer) -> Result<(), Failure> {
    let Some(path) = text(JOURNAL).map(PathBuf::from) else {
        return Ok(());
    };
    let path = match path.is_dir() {
        // Every package of a suite has a server of its own.
        true => path.join(format!("kube-apiserver-{}.txt", std::process::id())),
        false => path,
    };
    let journal = server.journal();
    let text = match path.extension().is_some_and(|end| end == "json") {
        true => format!("{:#}\n", journal.to_json()),
        false => format!("{journal}\n"),
    };
    Ok(files::write_report(Path::new(&path), &text)?)
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn paths(name: &str) -> Vec<PathBuf> {
    let paths = env::var_os(name).unwrap_or_default();
    let paths = env::split_paths(&paths);
    paths.filter(|path| !path.as_os_str().is_empty()).collect()
}

fn wrong(name: &str, text: &str, wanted: &str) -> String {
    format!("{name}={text}: {wanted} is wanted")
}
