//! The kubeconfig file: there as a whole or not at all, and nobody else's business.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// What every kubeconfig of ours has, also after kubectl has rewritten it.
const OURS: &str = "current-context: fake";

/// Writes the file in one step, readable by its owner only.
///
/// It may replace one of an earlier run, but no other file: in `--kubeconfig ~/.kube/config` somebody has taken the
/// flag for kubectl's.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    let explain = |error: io::Error| format!("{}: {error}", path.display());
    if !may_replace(path).map_err(explain)? {
        return Err(format!(
            "{}: not overwritten, since it is no kubeconfig of a fake apiserver",
            path.display()
        ));
    }
    persist(path, text).map_err(explain)
}

fn may_replace(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(file) if !file.is_file() => Ok(false),
        Ok(_) => {
            let old = fs::read(path)?;
            let old = String::from_utf8_lossy(&old);
            Ok(old.trim().is_empty() || old.lines().any(|line| line == OURS))
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
    let mut file = tempfile::Builder::new()
        .prefix(".kubeconfig-")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
