//! How far a long run is, on standard error where somebody watches.

use std::io::{IsTerminal as _, Write as _, stderr};

/// Back to the start of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[2K";

/// One line that is written over and over; nothing where standard error is no terminal.
pub(super) struct Progress {
    shown: bool,
    done: usize,
    all: usize,
}

impl Progress {
    pub(super) fn new(all: usize) -> Progress {
        Progress {
            shown: stderr().is_terminal(),
            done: 0,
            all,
        }
    }

    /// One more is done.
    pub(super) fn step(&mut self, name: &str) {
        self.done += 1;
        self.write(&line(self.done, self.all, name));
    }

    /// Makes room for other output.
    pub(super) fn clear(&self) {
        self.write(CLEAR);
    }

    fn write(&self, text: &str) {
        if self.shown {
            let _ = stderr().write_all(text.as_bytes());
        }
    }
}

/// Short enough for one line of a terminal, or it could not be taken back.
fn line(done: usize, all: usize, name: &str) -> String {
    const ROOM: usize = 60;
    let skipped = name.chars().count().saturating_sub(ROOM);
    let end: String = name.chars().skip(skipped).collect();
    format!("{CLEAR}{done}/{all} {end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_the_end_is_shown() {
        let line = line(3, 12, &format!("{}/create.yaml", "a".repeat(80)));
        assert!(line.starts_with("\r\x1b[2K3/12 aaa"), "{line}");
        assert!(line.ends_with("aaa/create.yaml"), "{line}");
        assert_eq!(line.len(), CLEAR.len() + 5 + 60);
    }
}
