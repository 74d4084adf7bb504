//! What a pod finds its apiserver by: two variables and three files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fake_apiserver::FakeApiServer;

use crate::cli::Failure;

/// Where every client in a pod looks.
const DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Says that the files are ours, and may be replaced: an earlier run was killed before it could clean up.
const MARKER: &str = ".fake-apiserver";
const NAMESPACE: &str = "default";
const VARIABLES: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// The service account of the command, if no tokens are given.
pub(super) const TOKEN: &str = "in-cluster";
pub(super) const USER: &str = "system:serviceaccount:default:default";
pub(super) const GROUPS: [&str; 3] = [
    "system:masters",
    "system:serviceaccounts",
    "system:serviceaccounts:default",
];

/// The files of a service account, removed when this is dropped.
#[derive(Debug)]
pub(in crate::cli) struct ServiceAccount {
    host: String,
    port: String,
    _files: Files,
}

impl ServiceAccount {
    pub(super) fn of(server: &FakeApiServer) -> Result<Self, Failure> {
        let (host, port) = super::host_and_port(&server.url());
        let content = [
            ("token", server.token().unwrap_or_default().to_owned()),
            (
                "ca.crt",
                server.ca_certificate().unwrap_or_default().to_owned(),
            ),
            ("namespace", NAMESPACE.to_owned()),
        ];
        Ok(ServiceAccount {
            host,
            port,
            _files: Files::write(Path::new(DIRECTORY), &content)?,
        })
    }
}

/// The variables with their values; nothing where they are to be taken away.
pub(in crate::cli) fn environment(
    account: Option<&ServiceAccount>,
) -> impl Iterator<Item = (&'static str, Option<&str>)> {
    let values = account.map(|account| [account.host.as_str(), account.port.as_str()]);
    VARIABLES
        .into_iter()
        .enumerate()
        .map(move |(i, name)| (name, values.map(|values| values[i])))
}

/// Files in a directory that is made for them as far as it is not there.
#[derive(Debug)]
struct Files {
    /// What was made, to be removed in reverse order.
    made: Vec<PathBuf>,
    /// Says that they are in use.
    lock: Option<fs::File>,
}

impl Files {
    fn write(directory: &Path, content: &[(&str, String)]) -> Result<Files, Failure> {
        let mut files = Files {
            made: Vec::new(),
            lock: None,
        };
        if fs::exists(directory).unwrap_or(false) && !is_ours(directory) {
            let directory = directory.display();
            return Err(format!(
                "--in-cluster: {directory} is there already, as in a real pod, and is left alone"
            )
            .into());
        }
        match files.try_write(directory, content) {
            Ok(()) => Ok(files),
            Err((path, error)) if error.kind() == io::ErrorKind::WouldBlock => {
                let id = fs::read_to_string(&path).unwrap_or_default();
                let directory = directory.display();
                Err(format!(
                    "--in-cluster: {directory} is in use by another fake-apiserver (process {id}); only one at a time \
                     can have it"
                )
                .into())
            }
            Err((path, error)) => Err(format!(
                "--in-cluster: cannot write {}: {error}; clients in a pod look there and nowhere else, so this has to \
                 run as root in a container, or without --in-cluster and by KUBECONFIG",
                path.display()
            )
            .into()),
        }
    }

    fn try_write(
        &mut self,
        directory: &Path,
        content: &[(&str, String)],
    ) -> Result<(), (PathBuf, io::Error)> {
        let missing: Vec<&Path> = directory
            .ancestors()
            .take_while(|path| !path.exists())
            .collect();
        for path in missing.into_iter().rev() {
            match fs::create_dir(path) {
                Ok(()) => self.made.push(path.to_owned()),
                // Another run was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err((path.to_owned(), error)),
            }
        }
        let marker = directory.join(MARKER);
        self.lock = Some(take(&marker).map_err(|error| (marker.clone(), error))?);
        self.made.push(marker);
        for (name, text) in content {
            let path = directory.join(name);
            fs::write(&path, text).map_err(|error| (path.clone(), error))?;
            self.made.push(path);
        }
        Ok(())
    }
}

/// Takes the marker for this run; an error that would block if another run has it. A run that is killed gives it back.
#[cfg(unix)]
fn take(marker: &Path) -> io::Result<fs::File> {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{FlockOperation, flock};

    loop {
        let mut options = fs::File::options();
        let options = options.create(true).truncate(false).write(true);
        let mut file = options.open(marker)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        // The run that had it may have removed it meanwhile.
        let same = |there: fs::Metadata, own: fs::Metadata| there.ino() == own.ino();
        if fs::metadata(marker).is_ok_and(|there| file.metadata().is_ok_and(|own| same(there, own)))
        {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())?;
            return Ok(file);
        }
    }
}

#[cfg(not(unix))]
fn take(marker: &Path) -> io::Result<fs::File> {
    fs::File::create(marker)
}

/// Whether an earlier run wrote them, or nobody wrote any.
fn is_ours(directory: &Path) -> bool {
    let empty = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none());
    empty || directory.join(MARKER).exists()
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in self.made.iter().rev() {
            // A directory that somebody else uses by now stays.
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: [(&str, &str); 1] = [("token", "abc")];

    fn write(directory: &Path) -> Result<Files, String> {
        let content = CONTENT.map(|(name, text)| (name, text.to_owned()));
        Files::write(directory, &content).map_err(|error| error.to_string())
    }

    #[test]
    fn the_files_are_there_until_they_are_dropped() {
        let root = tempfile::TempDir::new().unwrap();
        let directory = root.path().join("secrets/account");
        let files = write(&directory).unwrap();
        assert_eq!(fs::read_to_string(directory.join("token")).unwrap(), "abc");
        drop(files);
        assert!(!root.path().join("secrets").exists());
        assert!(root.path().exists());
    }

    #[test]
    fn what_a_killed_run_left_is_replaced() {
        let root = tempfile::TempDir::new().unwrap();
        fs::write(root.path().join(MARKER), "7").unwrap();
        fs::write(root.path().join("token"), "old").unwrap();
        let _files = write(root.path()).unwrap();
        assert_eq!(
            fs::read_to_string(root.path().join("token")).unwrap(),
            "abc"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_files_of_a_run_that_goes_on_are_left_alone() {
        let root = tempfile::TempDir::new().unwrap();
        let directory = root.path().join("account");
        let first = write(&directory).unwrap();
        let problem = write(&directory).unwrap_err();
        let expected = format!(
            "is in use by another fake-apiserver (process {})",
            std::process::id()
        );
        assert!(problem.contains(&expected), "{problem}");
        assert_eq!(fs::read_to_string(directory.join("token")).unwrap(), "abc");
        drop(first);
        assert!(!directory.exists());
        drop(write(&directory).unwrap());
    }

    #[test]
    fn the_files_of_a_real_pod_are_left_alone() {
        let root = tempfile::TempDir::new().unwrap();
        fs::write(root.path().join("token"), "real").unwrap();
        let problem = write(root.path()).unwrap_err();
        assert!(
            problem.ends_with("is there already, as in a real pod, and is left alone"),
            "{problem}"
        );
        assert_eq!(
            fs::read_to_string(root.path().join("token")).unwrap(),
            "real"
        );
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_named() {
        let root = tempfile::TempDir::new().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let problem = write(&file.join("account")).unwrap_err();
        assert!(problem.contains("cannot write "), "{problem}");
        assert!(problem.contains("file/account: "), "{problem}");
    }

    #[test]
    fn without_an_account_the_variables_are_taken_away() {
        let variables: Vec<_> = environment(None).collect();
        assert_eq!(variables, VARIABLES.map(|name| (name, None)));
    }
}
