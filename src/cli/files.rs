//! Files for their owner's eyes: there as a whole or not at all, and never in the place of somebody else's.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in one step, readable by its owner only.
///
/// It may replace an empty one or one of ours, but no other: whoever names it has taken the flag for another one's.
pub(crate) fn write(
    path: &Path,
    text: &str,
    what: &str,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), String> {
    check(path, what, is_ours)?;
    persist(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn refusal(path: &Path, what: &str) -> String {
    format!("{}: not overwritten, since it is no {what}", path.display())
}

/// Refuses beforehand what [`write`] would refuse in the end.
pub(crate) fn check(path: &Path, what: &str, is_ours: impl Fn(&str) -> bool) -> Result<(), String> {
    match may_replace(path, is_ours) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refusal(path, what)),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Writes a report in the place of any other, readable by its owner only.
pub(crate) fn write_report(path: &Path, text: &str) -> Result<(), String> {
    let is_file = match fs::metadata(path) {
        Ok(there) => there.is_file(),
        Err(_) => true,
    };
    let written = match is_file {
        true => persist(path, text),
        // A pipe or a terminal has its own owner.
        false => fs::write(path, text),
    };
    written.map_err(|error| format!("{}: {error}", path.display()))
}

fn may_replace(path: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(file) if !file.is_file() => Ok(false),
        Ok(_) => {
            let old = fs::read(path)?;
            let old = String::from_utf8_lossy(&old);
            Ok(old.trim().is_empty() || is_ours(&old))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn persist(path: &Path, text: &str) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::metadata(directory)?;
    // Nobody else may read it, not even while it is written.
    let mut file = tempfile::Builder::new()
        .prefix(".fake-apiserver-")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("file");
        let ours = |old: &str| old.starts_with("ours");
        for (old, is_replaced) in [("", true), (" \n", true), ("ours 1", true), ("x", false)] {
            fs::write(&path, old).unwrap();
            let written = write(&path, "ours 2", "file of ours", ours);
            assert_eq!(written.is_ok(), is_replaced, "{old}");
        }
        let problem = write(directory.path(), "", "file of ours", ours).unwrap_err();
        assert!(
            problem.ends_with(": not overwritten, since it is no file of ours"),
            "{problem}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it_whatever_was_there() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("report");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        write_report(&path, "new").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
