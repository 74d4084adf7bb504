//! What goes wrong between a test and its server.

use std::path::{Path, PathBuf};

/// Why something the test asked for could not be had: a server could not start, a file could not be read, what was
/// verified does not hold.
///
/// The predicates tell the kinds of failure apart; the text is for people. Of a file it says file, line and column, the
/// way to what is wrong, and the nearest valid word if there is one.
///
/// ```
/// use fake_apiserver::Fault;
///
/// let error = Fault::parse_script("typo.yaml", "falut: conflict").unwrap_err();
/// assert!(error.is_invalid_input());
/// assert_eq!(
///     error.to_string(),
///     "typo.yaml:1:1: unknown key `falut`; did you mean `fault`?"
/// );
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Problem);

/// What exactly it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
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
    /// A word that is none, with nothing to say of where it stands.
    #[error("{0}")]
    Word(String),
    #[error("{0}")]
    Unverified(String),
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
        matches!(self.0, Problem::Bind { .. })
    }

    /// A file, a text or a value that was given could not be read or is wrong.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let start = fake_apiserver::FakeApiServer::builder().kubernetes_version("latest").try_start();
    /// assert!(start.await.unwrap_err().is_invalid_input());
    /// # });
    /// ```
    pub fn is_invalid_input(&self) -> bool {
        matches!(
            self.0,
            Problem::File { .. } | Problem::Invalid { .. } | Problem::Word(_)
        )
    }

    /// What was verified does not hold. The text says what was wanted, what came, what came close, the journal, and the
    /// server's seed.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    ///
    /// let server = FakeApiServer::builder().random_seed(7).start_blocking();
    /// let error = server.try_verify(Requests::new().verb(Verb::Update), 2).unwrap_err();
    /// assert!(error.is_unverified());
    /// assert!(error.to_string().starts_with("wanted exactly 2 of (verb update), but 0 came"));
    /// assert!(error.to_string().ends_with("the server's seed is 7"));
    /// ```
    pub fn is_unverified(&self) -> bool {
        matches!(self.0, Problem::Unverified(_))
    }

    pub(crate) fn invalid(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Error(Problem::Invalid {
            place: place.into(),
            problem: problem.into(),
        })
    }

    /// About a line and a column of a file.
    pub(crate) fn at(
        file: &str,
        (line, column): (usize, usize),
        problem: impl Into<String>,
    ) -> Self {
        Error::invalid(format!("{file}:{line}:{column}"), problem)
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Error(Problem::File {
            path: path.to_owned(),
            source,
        })
    }

    /// What is wrong, without the place where it is, for what was not written as a file.
    pub(crate) fn problem(&self) -> String {
        match &self.0 {
            Problem::Invalid { problem, .. } => problem.clone(),
            other => other.to_string(),
        }
    }
}
