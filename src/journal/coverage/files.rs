//! Coverage over many processes: a directory with a file for each server.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::Coverage;
use crate::error::Error;

/// What the names of the files start with; others are left alone.
const PREFIX: &str = "coverage-";

/// Tells the servers of this process apart.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl Coverage {
    /// Writes a file of its own into this directory, which is made if it is missing. It appears whole or not at all.
    ///
    /// ```
    /// let directory = tempfile::tempdir().unwrap();
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.coverage().write_to_dir(directory.path())?;
    /// let all = fake_apiserver::Coverage::from_dir(directory.path())?;
    /// assert_eq!(all, server.coverage());
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_to_dir(&self, directory: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let directory = directory.as_ref();
        self.write(directory)
            .map_err(|error| Error::file(directory, error))
    }

    /// What a server does in the end: writes a file unless there is nothing to tell.
    pub(crate) fn leave(&self, directory: &Path) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        self.write_to_dir(directory).map(drop)
    }

    fn write(&self, directory: &Path) -> std::io::Result<PathBuf> {
        std::fs::create_dir_all(directory)?;
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        writeln!(file, "{:#}", self.to_json())?;
        let process = std::process::id();
        loop {
            // Another machine that shares the directory may have a process of this number.
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("{PREFIX}{process}-{number}.json"));
            match file.persist_noclobber(&path) {
                Ok(_) => return Ok(path),
                Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => {
                    file = taken.file;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }

    /// Everything that was written into this directory, as one.
    ///
    /// ```
    /// let directory = tempfile::tempdir().unwrap();
    /// assert_eq!(fake_apiserver::Coverage::from_dir(directory.path())?, Default::default());
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the directory or one of the files cannot be read, or a file is not one of these.
    pub fn from_dir(directory: impl AsRef<Path>) -> Result<Coverage, Error> {
        let directory = directory.as_ref();
        let entries = std::fs::read_dir(directory).map_err(|e| Error::file(directory, e))?;
        let mut all = Coverage::default();
        for entry in entries {
            let path = entry.map_err(|e| Error::file(directory, e))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(".json")) {
                let text = std::fs::read(&path).map_err(|e| Error::file(&path, e))?;
                let one = parse(&text)
                    .map_err(|problem| Error::invalid(path.display().to_string(), problem))?;
                all.merge(&one);
            }
        }
        Ok(all)
    }
}

fn parse(text: &[u8]) -> Result<Coverage, String> {
    let value: Value = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    let operations = value["operations"].as_object();
    let operations = operations.ok_or("this is no coverage: it has no \"operations\"")?;
    let mut all = Coverage::default();
    for (operation, codes) in operations {
        let bad = || format!("the codes of {operation:?} are not numbers with counts");
        for (code, count) in codes.as_object().ok_or_else(bad)? {
            let code = code.parse().map_err(|_| bad())?;
            let count = count.as_u64().ok_or_else(bad)?;
            all.met.insert((operation.clone(), code), count);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::tests::met;
    use super::*;

    #[test]
    fn files_are_merged_and_others_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("made");
        let one = met(&[("get endpoints", 200, 1)]);
        let first = one.write_to_dir(&inside).unwrap();
        let second = one.write_to_dir(&inside).unwrap();
        assert_ne!(first, second);
        assert_eq!(
            std::fs::read(first).unwrap(),
            std::fs::read(second).unwrap()
        );
        std::fs::write(inside.join("notes.json"), "no JSON").unwrap();
        let all = Coverage::from_dir(&inside).unwrap();
        assert_eq!(all, met(&[("get endpoints", 200, 2)]));
    }

    #[test]
    fn a_bad_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("coverage-1-1.json");
        for (text, problem) in [
            ("{", "EOF"),
            ("{}", "no \"operations\""),
            (
                r#"{"operations":{"get endpoints":{"x":1}}}"#,
                "get endpoints",
            ),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Coverage::from_dir(directory.path())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("coverage-1-1.json") && error.contains(problem),
                "{error}"
            );
        }
    }
}
