//! Faults of watches: what happens to the lines of a stream.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::catalogue::Scripted;
use crate::clock;
use crate::handlers::cluster::{Cluster, Ends};
use crate::object::frame;
use crate::response::ByteStream;
use crate::status::Status;

/// What is in the bookmark that ends the initial events.
const END_OF_INITIAL_EVENTS: &[u8] = b"\"k8s.io/initial-events-end\":\"true\"";

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

impl WatchFault {
    pub(crate) fn title(&self) -> String {
        format!("watch: {:?} after {} events", self.what, self.after)
    }

    /// The fault as scripts write it.
    pub(super) fn script(&self) -> Scripted {
        let scripted = match &self.what {
            Trouble::End => Scripted::new("watchEnds"),
            Trouble::EndAfter(time) => Scripted::new("watchEndsAfter").with_time("time", *time),
            Trouble::Error {
                code,
                reason,
                message,
            } => Scripted::new("watchError")
                .with("code", *code)
                .with("reason", reason.as_str())
                .with("message", message.as_str()),
            Trouble::TruncatedLine => Scripted::new("watchTruncatesALine"),
            Trouble::MalformedLine => Scripted::new("watchMalformsALine"),
            Trouble::Stall => Scripted::new("watchStalls"),
            Trouble::Drop => Scripted::new("watchDropsAnEvent"),
            Trouble::Double => Scripted::new("watchDoublesAnEvent"),
            Trouble::Swap => Scripted::new("watchReordersEvents"),
            Trouble::Hold(events) => Scripted::new("watchBursts").with("events", *events),
            Trouble::Backwards => Scripted::new("watchGoesBackwards"),
            Trouble::NoBookmarks => Scripted::new("watchWithoutBookmarks"),
            Trouble::LateBookmarks(late) => {
                Scripted::new("watchWithLateBookmarks").with_time("late", *late)
            }
            Trouble::PlainBookmarks => Scripted::new("watchWithPlainBookmarks"),
        };
        match self.after {
            0 => scripted,
            after => scripted.with("afterEvents", after),
        }
    }
}

/// What to do next with a stream.
enum Step {
    Send(Bytes),
    End,
    Stall,
}

/// Passes the lines of a watch through its faults; `over` is when it ends by itself.
pub(crate) fn shape(
    lines: ByteStream,
    faults: Vec<WatchFault>,
    cluster: Arc<Cluster>,
    over: Option<Timestamp>,
) -> ByteStream {
    let limit = faults.iter().find_map(|fault| match fault.what {
        Trouble::EndAfter(time) => Some(time),
        _ => None,
    });
    let end = limit.map(|time| {
        clock::add(
            cluster.clock.now(),
            SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX),
        )
    });
    let mut shaper = Shaper {
        faults,
        events: 0,
        held: VecDeque::new(),
        swapped: None,
        late: VecDeque::new(),
    };
    let mut ends = Ends::of(&cluster);
    Box::pin(async_stream::stream! {
        let mut lines = lines;
        let mut steps = shaper.start();
        loop {
            for step in steps {
                match step {
                    Step::Send(line) => yield line,
                    Step::End => return,
                    Step::Stall => {
                        ends.come().await;
                        return;
                    }
                }
            }
            let due = shaper.late.front().map(|(due, _)| *due);
            let waits = shaper.is_before_the_end_of_initial_events();
            // The times go before the lines, or chance would say which of them still come.
            let line = tokio::select! {
                biased;
                () = come(&cluster, end) => None,
                () = come(&cluster, due) => {
                    steps = shaper.late_bookmark();
                    continue;
                }
                () = come(&cluster, over), if waits => None,
                () = ends.come(), if waits => None,
                line = lines.next(), if !waits => line,
            };
            match line {
                Some(line) => steps = shaper.line(line, cluster.clock.now()),
                None => break,
            }
        }
        for line in shaper.rest() {
            yield line;
        }
    })
}

/// Waits for a time, or for ever.
async fn come(cluster: &Cluster, time: Option<Timestamp>) {
    match time {
        Some(time) => cluster.clock.sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Where a stream stands with its faults.
struct Shaper {
    faults: Vec<WatchFault>,
    /// How many events have passed.
    events: u64,
    held: VecDeque<Bytes>,
    swapped: Option<Bytes>,
    /// Bookmarks, and when they come.
    late: VecDeque<(Timestamp, Bytes)>,
}

impl Shaper {
    /// Some faults need no event to begin.
    fn start(&mut self) -> Vec<Step> {
        self.trouble_at(0)
    }

    fn line(&mut self, line: Bytes, now: Timestamp) -> Vec<Step> {
        if line.starts_with(b"{\"type\":\"BOOKMARK\"") {
            return self.bookmark(line, now);
        }
        if line.starts_with(b"{\"type\":\"ERROR\"") {
            return self.rest().chain([line]).map(Step::Send).collect();
        }
        for (_, bookmark) in &mut self.late {
            *bookmark = with_version_of(bookmark, &line);
        }
        let before = self.events;
        self.events += 1;
        let mut steps = self.event(before, line);
        if !ends(&steps) {
            steps.extend(self.trouble_at(self.events));
        }
        steps
    }

    /// What takes the place of one event.
    fn event(&mut self, before: u64, line: Bytes) -> Vec<Step> {
        if let Some(first) = self.swapped.take() {
            return vec![Step::Send(line), Step::Send(first)];
        }
        let due = |fault: &&WatchFault| fault.after == before;
        let what = self
            .faults
            .iter()
            .filter(due)
            .map(|fault| fault.what.clone())
            .find(Trouble::changes_an_event);
        if let Some(until) = self.held_until(before) {
            self.held.push_back(line);
            return if self.events >= until {
                self.held.drain(..).map(Step::Send).collect()
            } else {
                Vec::new()
            };
        }
        match what {
            Some(Trouble::Drop) => Vec::new(),
            Some(Trouble::Double) => vec![Step::Send(line.clone()), Step::Send(line)],
            Some(Trouble::Swap) => {
                self.swapped = Some(line);
                Vec::new()
            }
            Some(Trouble::Backwards) => vec![Step::Send(backwards(&line))],
            Some(Trouble::TruncatedLine) => {
                vec![Step::Send(line.slice(..line.len() / 2)), Step::End]
            }
            _ => vec![Step::Send(line)],
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
                Trouble::MalformedLine => steps.push(Step::Send(Bytes::from_static(
                    b"{\"type\":\"ADDED\",\"object\":{{\n",
                ))),
                Trouble::Error {
                    code,
                    reason,
                    message,
                } => {
                    steps.push(Step::Send(frame(
                        "ERROR",
                        &Status::scripted(*code, reason, message).to_json(),
                    )));
                    steps.push(Step::End);
                }
                _ => {}
            }
        }
        steps
    }

    /// The events still held back when the watch ends; bookmarks that would come after its end do not come.
    fn rest(&mut self) -> impl Iterator<Item = Bytes> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().chain(self.swapped.take())
    }

    /// A bookmark never overtakes an event: it says that all before it were sent.
    fn bookmark(&mut self, line: Bytes, now: Timestamp) -> Vec<Step> {
        let mut line = line;
        let mut due = now;
        for fault in self
            .faults
            .iter()
            .filter(|fault| self.events >= fault.after)
        {
            match fault.what {
                Trouble::NoBookmarks => return self.unswap(),
                Trouble::LateBookmarks(late) => {
                    due = clock::add(
                        due,
                        SignedDuration::try_from(late).unwrap_or(SignedDuration::MAX),
                    );
                }
                Trouble::PlainBookmarks => line = without_annotations(&line),
                _ => {}
            }
        }
        if due > now {
            self.late.push_back((due, line));
            return Vec::new();
        }
        self.bookmark_now(line)
    }

    /// Whether the end of the initial events is late. What comes after it would be taken for one of them.
    fn is_before_the_end_of_initial_events(&self) -> bool {
        let ends = |(_, line): &(Timestamp, Bytes)| {
            memchr::memmem::find(line, END_OF_INITIAL_EVENTS).is_some()
        };
        self.late.iter().any(ends)
    }

    /// The late bookmark whose time has come.
    fn late_bookmark(&mut self) -> Vec<Step> {
        match self.late.pop_front() {
            Some((_, line)) => self.bookmark_now(line),
            None => Vec::new(),
        }
    }

    fn unswap(&mut self) -> Vec<Step> {
        self.swapped.take().map(Step::Send).into_iter().collect()
    }

    fn bookmark_now(&mut self, line: Bytes) -> Vec<Step> {
        let mut steps = self.unswap();
        if self.held.is_empty() {
            steps.push(Step::Send(line));
        } else {
            self.held.push_back(line);
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

/// The same line with version 1.
fn backwards(line: &Bytes) -> Bytes {
    with_version(line, "1")
}

/// A bookmark that comes after an event speaks of a version as new.
fn with_version_of(bookmark: &Bytes, event: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(event);
    match version(&text).map(|place| &text[place]) {
        None | Some("") => bookmark.clone(),
        Some(version) => with_version(bookmark, version),
    }
}

fn with_version(line: &Bytes, wanted: &str) -> Bytes {
    let text = String::from_utf8_lossy(line);
    match version(&text) {
        Some(place) => [&text[..place.start], wanted, &text[place.end..]]
            .concat()
            .into(),
        None => line.clone(),
    }
}

/// Where the first version of a line is.
fn version(text: &str) -> Option<Range<usize>> {
    const FIELD: &str = "\"resourceVersion\":\"";
    let start = text.find(FIELD)? + FIELD.len();
    let length = text[start..].find('"')?;
    Some(start..start + length)
}

fn without_annotations(line: &Bytes) -> Bytes {
    String::from_utf8_lossy(line)
        .replace(
            ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}",
            "",
        )
        .into()
}
