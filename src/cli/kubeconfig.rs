//! The kubeconfig file.

use std::path::Path;

use super::files;

/// What every kubeconfig of ours has, also after kubectl has rewritten it.
const OURS: &str = "current-context: fake";

/// Writes the file, if it replaces none but that of an earlier run: in `--kubeconfig ~/.kube/config` somebody has taken
/// the flag for kubectl's.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    let is_ours = |old: &str| old.lines().any(|line| line == OURS);
    files::write(path, text, "kubeconfig of a fake apiserver", is_ours)
}
