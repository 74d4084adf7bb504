//! Faults of watches: what happens to the frames of a stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use crate::clock::{self, Clock};
use crate::object::frame::{Frame, Frames};
use crate::object::{Change, Object, meta_str};
use crate::status::Status;
use crate::storage::Revision;

/// The version of an event that goes backwards: none that a client starts from is older.
const LONG_AGO: Revision = Revision(1);

/// A fault of a watch, and after how many events it begins.
#[derive(Clone, Debug)]
pub(crate) struct WatchFault {
    pub(crate) after: u64,
    pub(crate) what: Trouble,
}

/// What goes wrong with a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// The stream ends.
    End,
    /// The stream ends after this long.
    EndAfter(Duration),
    /// An ERROR event with this code and reason, and the end.
    Error {
        code: u16,
        reason: String,
        message: String,
    },
    /// Half a line, and the end.
    TruncatedLine,
    /// A line that is no JSON; the stream goes on.
    MalformedLine,
    /// Nothing more, and no end.
    Stall,
    /// The next event is left out.
    Drop,
    /// The next event comes twice.
    Double,
    /// The next two events change places.
    Swap,
    /// The next events are held back until there are this many, then come at once.
    Hold(usize),
    /// The next event carries a version of long ago.
    Backwards,
    NoBookmarks,
    /// Bookmarks come this much later.
    LateBookmarks(Duration),
    /// The bookmark that ends the initial events does not say so.
    PlainBookmarks,
}

/// What to do next with a stream.
enum Step {
    Send(Frame),
    End,
    Stall,
}

/// When a watch ends, whatever its faults do.
pub(crate) struct Ending<S> {
    /// When its time is up.
    pub(crate) over: Option<Timestamp>,
    /// All watches end together.
    pub(crate) stopped: S,
}

/// Passes the frames of a watch through its faults.
pub(crate) fn shape<S>(
    frames: Frames,
    faults: Vec<WatchFault>,
    clock: Arc<Clock>,
    ending: Ending<S>,
) -> Frames
where
    S: Future<Output = ()> + Send + Sync + 'static,
{
    let end = faults.iter().find_map(|fault| match fault.what {
        Trouble::EndAfter(time) => Some(later(clock.now(), time)),
        _ => None,
    });
    let mut shaper = Shaper {
        faults,
        events: 0,
        held: VecDeque::new(),
        swapped: None,
        late: VecDeque::new(),
    };
    Box::pin(async_stream::stream! {
        let Ending { over, stopped } = ending;
        let mut stopped = Box::pin(stopped);
        let mut frames = frames;
        let mut steps = shaper.start();
        loop {
            for step in steps {
                match step {
                    Step::Send(frame) => yield frame,
                    Step::End => return,
                    Step::Stall => {
                        stopped.await;
                        return;
                    }
                }
            }
            let due = shaper.late.front().map(|late| late.due);
            let waits = shaper.is_before_the_end_of_initial_events();
            // The times go before the frames, or chance would say which of them still come.
            let frame = tokio::select! {
                biased;
                () = come(&clock, end) => None,
                () = come(&clock, due) => {
                    steps = shaper.late_bookmark();
                    continue;
                }
                () = come(&clock, over), if waits => None,
                () = &mut stopped, if waits => None,
                frame = frames.next(), if !waits => frame,
            };
            match frame {
                Some(frame) => steps = shaper.frame(frame, clock.now()),
                None => break,
            }
        }
        for frame in shaper.rest() {
            yield frame;
        }
    })
}

/// Waits for a time, or for ever.
async fn come(clock: &Clock, time: Option<Timestamp>) {
    match time {
        Some(time) => clock.sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    clock::add(
        time,
        SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX),
    )
}

/// Where a stream stands with its faults.
struct Shaper {
    faults: Vec<WatchFault>,
    /// How many events have passed.
    events: u64,
    held: VecDeque<Frame>,
    swapped: Option<Frame>,
    late: VecDeque<Late>,
}

/// A bookmark, and when it comes.
struct Late {
    due: Timestamp,
    bookmark: Bookmark,
}

#[derive(Clone, Copy)]
struct Bookmark {
    revision: Revision,
    ends_initial_events: bool,
}

impl Shaper {
    /// Some faults need no event to begin.
    fn start(&mut self) -> Vec<Step> {
        self.trouble_at(0)
    }

    fn frame(&mut self, frame: Frame, now: Timestamp) -> Vec<Step> {
        match frame {
            Frame::Event { change, object } => self.event(change, object),
            Frame::Bookmark {
                revision,
                ends_initial_events,
            } => {
                let bookmark = Bookmark {
                    revision,
                    ends_initial_events,
                };
                self.bookmark(bookmark, now)
            }
            frame => self.rest().chain([frame]).map(Step::Send).collect(),
        }
    }

    fn event(&mut self, change: Change, object: Arc<Object>) -> Vec<Step> {
        // A bookmark that comes after an event speaks of a version as new.
        if let Ok(revision) = meta_str(&object.value(), "resourceVersion").parse() {
            for late in &mut self.late {
                late.bookmark.revision = Revision(revision);
            }
        }
        let before = self.events;
        self.events += 1;
        let mut steps = self.instead_of(before, change, object);
        if !ends(&steps) {
            steps.extend(self.trouble_at(self.events));
        }
        steps
    }

    /// What takes the place of one event.
    fn instead_of(&mut self, before: u64, change: Change, object: Arc<Object>) -> Vec<Step> {
        let frame = Frame::Event {
            change,
            object: object.clone(),
        };
        if let Some(first) = self.swapped.take() {
            return vec![Step::Send(frame), Step::Send(first)];
        }
        let due = |fault: &&WatchFault| fault.after == before;
        let mut troubles = self.faults.iter().filter(due).map(|fault| &fault.what);
        let what = troubles.find(|what| what.changes_an_event());
        if let Some(until) = self.held_until(before) {
            self.held.push_back(frame);
            return if self.events >= until {
                self.held.drain(..).map(Step::Send).collect()
            } else {
                Vec::new()
            };
        }
        match what {
            Some(Trouble::Drop) => Vec::new(),
            Some(Trouble::Double) => vec![Step::Send(frame.clone()), Step::Send(frame)],
            Some(Trouble::Swap) => {
                self.swapped = Some(frame);
                Vec::new()
            }
            Some(Trouble::Backwards) => {
                let object = Arc::new(object.at_revision(LONG_AGO));
                vec![Step::Send(Frame::Event { change, object })]
            }
            Some(Trouble::TruncatedLine) => {
                vec![Step::Send(Frame::Half(Box::new(frame))), Step::End]
            }
            _ => vec![Step::Send(frame)],
        }
    }

    /// How many events there have to be before one of those held back comes.
    fn held_until(&self, before: u64) -> Option<u64> {
        self.faults.iter().find_map(|fault| match fault.what {
            Trouble::Hold(size) => {
                let until = fault.after + size as u64;
                (fault.after..until).contains(&before).then_some(until)
            }
            _ => None,
        })
    }

    /// What comes between events, once this many have passed.
    fn trouble_at(&self, events: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        for fault in self.faults.iter().filter(|fault| fault.after == events) {
            match &fault.what {
                Trouble::End => steps.push(Step::End),
                Trouble::Stall => steps.push(Step::Stall),
                Trouble::MalformedLine => steps.push(Step::Send(Frame::Malformed)),
                Trouble::Error {
                    code,
                    reason,
                    message,
                } => {
                    let status = Status::scripted(*code, reason, message);
                    steps.push(Step::Send(Frame::error(status)));
                    steps.push(Step::End);
                }
                _ => {}
            }
        }
        steps
    }

    /// The events still held back when the watch ends; bookmarks that would come after its end do not come.
    fn rest(&mut self) -> impl Iterator<Item = Frame> + use<> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().chain(self.swapped.take())
    }

    /// A bookmark never overtakes an event: it says that all before it were sent.
    fn bookmark(&mut self, mut bookmark: Bookmark, now: Timestamp) -> Vec<Step> {
        let mut due = now;
        for fault in self
            .faults
            .iter()
            .filter(|fault| self.events >= fault.after)
        {
            match fault.what {
                Trouble::NoBookmarks => return self.unswap(),
                Trouble::LateBookmarks(late) => due = later(due, late),
                Trouble::PlainBookmarks => bookmark.ends_initial_events = false,
                _ => {}
            }
        }
        if due > now {
            self.late.push_back(Late { due, bookmark });
            return Vec::new();
        }
        self.bookmark_now(bookmark)
    }

    /// Whether the end of the initial events is late. What comes after it would be taken for one of them.
    fn is_before_the_end_of_initial_events(&self) -> bool {
        let mut late = self.late.iter();
        late.any(|late| late.bookmark.ends_initial_events)
    }

    /// The late bookmark whose time has come.
    fn late_bookmark(&mut self) -> Vec<Step> {
        match self.late.pop_front() {
            Some(late) => self.bookmark_now(late.bookmark),
            None => Vec::new(),
        }
    }

    fn unswap(&mut self) -> Vec<Step> {
        self.swapped.take().map(Step::Send).into_iter().collect()
    }

    fn bookmark_now(&mut self, bookmark: Bookmark) -> Vec<Step> {
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

impl Trouble {
    fn changes_an_event(&self) -> bool {
        matches!(
            self,
            Trouble::Drop
                | Trouble::Double
                | Trouble::Swap
                | Trouble::Backwards
                | Trouble::TruncatedLine
        )
    }
}

fn ends(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| matches!(step, Step::End | Step::Stall))
}
