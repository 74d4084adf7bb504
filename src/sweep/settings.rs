//! What a sweep is told.

use std::time::Duration;

use super::diff::Ignore;
use super::trouble::Trouble;

/// How runs go, and which are made.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) troubles: Vec<&'static Trouble>,
    pub(crate) ignored: Vec<Ignore>,
    /// A program that does not end by itself is ended when the server was quiet for this long.
    pub(crate) quiet: Option<Duration>,
    /// How long one that did not end as the reference did may still take to get there.
    pub(crate) patience: Duration,
    /// How long a run may take.
    pub(crate) limit: Duration,
    /// How long all of them may.
    pub(crate) budget: Option<Duration>,
    pub(crate) references: usize,
    /// How many runs there are side by side.
    pub(crate) jobs: usize,
    /// How many of them work, while the others wait for something.
    pub(crate) working: usize,
    pub(crate) reruns: u32,
    pub(crate) all: bool,
    pub(crate) pairs: usize,
    pub(crate) seed: u64,
    pub(crate) replay: Option<String>,
    /// What is said before the id in the line that replays a point.
    pub(crate) replay_line: String,
}
