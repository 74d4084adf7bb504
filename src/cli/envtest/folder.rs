//! The folder of binaries, and the version they play.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::cli::Failure;

/// The file that says what version is played.
const VERSION_FILE: &str = "kubernetes-version";
/// What is played where nothing else is said.
pub(super) const DEFAULT_VERSION: &str = "1.36.2";
/// Says so too, and goes before the file.
const VERSION_VARIABLE: &str = "FAKE_APISERVER_KUBERNETES_VERSION";

/// Makes the folder, or sees to it that it is as it should be.
pub(super) fn make(directory: Option<PathBuf>, version: Option<&str>) -> Result<PathBuf, Failure> {
    let version = version.unwrap_or(DEFAULT_VERSION).trim_start_matches('v');
    // What is no version is found out now, and not by a suite.
    if !is_version(version) {
        return Err(format!(
            "{version:?} is no Kubernetes version such as \"1.33\" or \"v1.33.1\""
        )
        .into());
    }
    let folder = directory.unwrap_or_else(|| cache().join(version));
    fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
    let folder = fs::canonicalize(&folder).map_err(|error| at(&folder, &error))?;
    let own = env::current_exe()?;
    for name in ["kube-apiserver", "etcd"] {
        link(&own, &folder.join(name))?;
    }
    if let Some(kubectl) = on_path("kubectl").filter(|found| found.parent() != Some(&folder)) {
        link(&kubectl, &folder.join("kubectl"))?;
    }
    let file = folder.join(VERSION_FILE);
    write(&file, &format!("{version}\n")).map_err(|error| at(&file, &error))?;
    Ok(folder)
}

/// The version that goes with the programs of a folder.
pub(super) fn version(folder: Option<&Path>) -> String {
    let said = env::var(VERSION_VARIABLE).ok();
    let written = || fs::read_to_string(folder?.join(VERSION_FILE)).ok();
    let version = said.or_else(written).unwrap_or_default();
    match version.trim() {
        "" => DEFAULT_VERSION.to_owned(),
        version => version.to_owned(),
    }
}

fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').map(str::parse::<u32>).collect();
    matches!(parts.as_slice(), [Ok(1), Ok(_)] | [Ok(1), Ok(_), Ok(_)])
}

/// Where the folders of all versions are, for this user and this version of the program.
fn cache() -> PathBuf {
    let given = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || given("HOME").map(|home| home.join(".cache"));
    let cache = given("XDG_CACHE_HOME")
        .or_else(home)
        .or_else(|| given("LOCALAPPDATA"))
        .unwrap_or_else(env::temp_dir);
    cache
        .join("fake-apiserver")
        .join(env!("CARGO_PKG_VERSION"))
        .join("envtest")
}

/// Makes a link in one step, so that a suite that runs meanwhile never finds it missing.
#[cfg(unix)]
fn link(to: &Path, place: &Path) -> Result<(), Failure> {
    if fs::read_link(place).is_ok_and(|there| there == to) {
        return Ok(());
    }
    let folder = place.parent().unwrap_or(Path::new("."));
    let made = tempfile::Builder::new()
        .prefix(".fake-apiserver-")
        .make_in(folder, |path| std::os::unix::fs::symlink(to, path))
        .and_then(|link| {
            link.into_temp_path()
                .persist(place)
                .map_err(io::Error::from)
        });
    Ok(made.map_err(|error| at(place, &error))?)
}

/// Links take rights there, so the program is copied.
#[cfg(windows)]
fn link(to: &Path, place: &Path) -> Result<(), Failure> {
    let place = place.with_extension("exe");
    fs::copy(to, &place).map_err(|error| at(&place, &error))?;
    Ok(())
}

/// The first program of a name that the user would run.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    let found = env::split_paths(&path).map(|folder| folder.join(&name));
    found
        .into_iter()
        .find_map(|file| fs::canonicalize(file).ok())
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new()
        .prefix(".fake-apiserver-")
        .tempfile_in(folder)?;
    io::Write::write_all(&mut new, text.as_bytes())?;
    new.persist(file)?;
    open_to_all(file)
}

/// Whoever may run the programs of a folder may know what they play.
#[cfg(unix)]
fn open_to_all(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(file, fs::Permissions::from_mode(0o644))
}

#[cfg(windows)]
fn open_to_all(_file: &Path) -> io::Result<()> {
    Ok(())
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_which_version_it_is_for() {
        let place = tempfile::TempDir::new().unwrap();
        let made = make(Some(place.path().join("x")), Some("v1.30")).unwrap();
        assert_eq!(version(Some(&made)), "1.30");
        for name in ["kube-apiserver", "etcd"] {
            assert!(made.join(name).is_file(), "{name}");
        }
        assert_eq!(make(Some(place.path().join("x")), None).unwrap(), made);
        assert_eq!(version(Some(&made)), DEFAULT_VERSION);
        assert!(make(Some(made), Some("latest")).is_err());
    }
}
