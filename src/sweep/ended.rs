//! How the program under test ended by itself.

use std::fmt;

/// How a run of the program under test ended, if it ended by itself. `()` and `Ok(())` are [`Ended::Well`], an error is
/// [`Ended::Failed`]; a panic is caught, and is [`Ended::Crashed`].
///
/// ```
/// use fake_apiserver::sweep::Ended;
///
/// assert_eq!(Ended::from(()), Ended::Well);
/// assert_eq!(Ended::from(Err("no such object")), Ended::Failed("no such object".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It did what it was to do.
    Well,
    /// It says that it could not.
    Failed(String),
    /// It did not mean to end like this.
    Crashed(String),
    /// It could not be started at all, and the sweep ends with it.
    NotRun(String),
}

impl From<()> for Ended {
    fn from((): ()) -> Self {
        Ended::Well
    }
}

impl<E: fmt::Display> From<Result<(), E>> for Ended {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Ended::Well,
            Err(error) => Ended::Failed(error.to_string()),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Well => f.write_str("it ended well"),
            Ended::Failed(why) => write!(f, "it failed: {why}"),
            Ended::Crashed(why) => write!(f, "it crashed: {why}"),
            Ended::NotRun(why) => write!(f, "it could not be run: {why}"),
        }
    }
}
