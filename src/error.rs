//! Why a server could not be set up.

use std::path::{Path, PathBuf};

/// Why a server could not be set up or given an object.
///
/// The kinds of failure are told apart by the predicates; the text is for people.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let error = fake_apiserver::FakeApiServer::builder()
///     .objects_file("no-such-file.yaml")
///     .try_start()
///     .await
///     .unwrap_err();
/// assert!(error.is_invalid_input());
/// assert!(error.to_string().starts_with("no-such-file.yaml: "));
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("cannot listen on {address}: {source}")]
    Bind {
        address: std::net::SocketAddr,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{place}: {problem}")]
    Invalid { place: String, problem: String },
    #[error("no tokio runtime could be started: {0}")]
    Runtime(std::io::Error),
    #[error("there is no tokio runtime here to run on; start_blocking brings one of its own")]
    NoRuntime,
}

impl Error {
    /// The address could not be bound, most likely because it is taken.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use fake_apiserver::FakeApiServer;
    /// let first = FakeApiServer::start().await;
    /// let second = FakeApiServer::builder().bind(first.address()).try_start().await;
    /// assert!(second.unwrap_err().is_bind());
    /// # });
    /// ```
    pub fn is_bind(&self) -> bool {
        matches!(self.0, Kind::Bind { .. })
    }

    /// A file or a value given to the builder could not be read or is wrong.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let start = fake_apiserver::FakeApiServer::builder().kubernetes_version("latest").try_start();
    /// assert!(start.await.unwrap_err().is_invalid_input());
    /// # });
    /// ```
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.0, Kind::File { .. } | Kind::Invalid { .. })
    }

    pub(crate) fn invalid(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Error(Kind::Invalid {
            place: place.into(),
            problem: problem.into(),
        })
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Error(Kind::File {
            path: path.to_owned(),
            source,
        })
    }
}
