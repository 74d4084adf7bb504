//! Faults of watches: what happens to the frames of a stream.

mod bookmarks;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::firing::Firing;
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
    pub(crate) firing: Firing,
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
    /// The client does not read: once so many events wait for it the stream ends.
    Unread(usize),
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
        Trouble::EndAfter(time) => Some((later(clock.now(), time), fault.firing.clone())),
        _ => None,
    });
    let (end, ends) = end.unzip();
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
                () = come(&clock, end) => {
                    ends.iter().for_each(Firing::acts);
                    None
                }
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
    swapped: Option<(Frame, Firing)>,
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
        if let Some((first, firing)) = self.swapped.take() {
            firing.acts();
            return vec![Step::Send(frame), Step::Send(first)];
        }
        if let Some((until, firing)) = self.held_until(before) {
            firing.acts();
            self.held.push_back(frame);
            return if self.events >= until {
                self.held.drain(..).map(Step::Send).collect()
            } else {
                Vec::new()
            };
        }
        if let Some((until, firing)) = self.unread_until() {
            firing.acts();
            return match self.events >= until {
                true => vec![Step::End],
                false => Vec::new(),
            };
        }
        let due = |fault: &&WatchFault| fault.after == before && fault.what.changes_an_event();
        let Some(WatchFault { what, firing, .. }) = self.faults.iter().find(due) else {
            return vec![Step::Send(frame)];
        };
        if *what != Trouble::Swap {
            firing.acts();
        }
        match what {
            Trouble::Drop => Vec::new(),
            Trouble::Double => vec![Step::Send(frame.clone()), Step::Send(frame)],
            Trouble::Swap => {
                self.swapped = Some((frame, firing.clone()));
                Vec::new()
            }
            Trouble::Backwards => {
                let object = Arc::new(object.at_revision(LONG_AGO));
                vec![Step::Send(Frame::Event { change, object })]
            }
            Trouble::TruncatedLine => {
                vec![Step::Send(Frame::Half(Box::new(frame))), Step::End]
            }
            _ => vec![Step::Send(frame)],
        }
    }

    /// How many events there have to be before one of those held back comes.
    fn held_until(&self, before: u64) -> Option<(u64, Firing)> {
        self.faults.iter().find_map(|fault| match fault.what {
            Trouble::Hold(size) => {
                let until = fault.after.saturating_add(size as u64);
                let holds = (fault.after..until).contains(&before);
                holds.then(|| (until, fault.firing.clone()))
            }
            _ => None,
        })
    }

    /// How many events there may be before one counts as not reading who does not.
    fn unread_until(&self) -> Option<(u64, Firing)> {
        self.faults.iter().find_map(|fault| match fault.what {
            Trouble::Unread(size) if self.events > fault.after => {
                let until = fault.after.saturating_add(size as u64);
                Some((until, fault.firing.clone()))
            }
            _ => None,
        })
    }

    /// What comes between events, once this many have passed.
    fn trouble_at(&self, events: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        for fault in self.faults.iter().filter(|fault| fault.after == events) {
            let before = steps.len();
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
            if steps.len() > before {
                fault.firing.acts();
            }
        }
        steps
    }

    /// The events still held back when the watch ends; bookmarks that would come after its end do not come.
    fn rest(&mut self) -> impl Iterator<Item = Frame> + use<> {
        let held = std::mem::take(&mut self.held);
        let swapped = self.swapped.take().map(|(frame, _)| frame);
        held.into_iter().chain(swapped)
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
