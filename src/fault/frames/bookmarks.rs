//! What becomes of bookmarks.

use jiff::Timestamp;

use super::{Bookmark, Late, Shaper, Step, Trouble, later};
use crate::object::frame::Frame;

impl Shaper {
    /// A bookmark never overtakes an event: it says that all before it were sent.
    pub(super) fn bookmark(&mut self, mut bookmark: Bookmark, now: Timestamp) -> Vec<Step> {
        let mut due = now;
        for fault in self
            .faults
            .iter()
            .filter(|fault| self.events >= fault.after)
        {
            match fault.what {
                Trouble::NoBookmarks => {
                    fault.firing.acts();
                    return self.unswap();
                }
                Trouble::Unread(_) => return Vec::new(),
                Trouble::LateBookmarks(late) => due = later(due, late),
                Trouble::PlainBookmarks if bookmark.ends_initial_events => {
                    bookmark.ends_initial_events = false;
                }
                _ => continue,
            }
            fault.firing.acts();
        }
        if due > now {
            self.late.push_back(Late { due, bookmark });
            return Vec::new();
        }
        self.bookmark_now(bookmark)
    }

    /// Whether the end of the initial events is late. What comes after it would be taken for one of them.
    pub(super) fn is_before_the_end_of_initial_events(&self) -> bool {
        let mut late = self.late.iter();
        late.any(|late| late.bookmark.ends_initial_events)
    }

    /// The late bookmark whose time has come.
    pub(super) fn late_bookmark(&mut self) -> Vec<Step> {
        match self.late.pop_front() {
            Some(late) => self.bookmark_now(late.bookmark),
            None => Vec::new(),
        }
    }

    pub(super) fn unswap(&mut self) -> Vec<Step> {
        let swapped = self.swapped.take();
        swapped
            .map(|(frame, _)| Step::Send(frame))
            .into_iter()
            .collect()
    }

    pub(super) fn bookmark_now(&mut self, bookmark: Bookmark) -> Vec<Step> {
        let frame = Frame::Bookmark {
            revision: bookmark.revision,
            ends_initial_events: bookmark.ends_initial_events,
        };
        let mut steps = self.unswap();
        if self.held.is_empty() {
            steps.push(Step::Send(frame));
        } else {
            self.held.push_back(frame);
        }
        steps
    }
}
