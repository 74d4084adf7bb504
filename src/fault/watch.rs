//! Faults of watches: what happens to the lines of a stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use jiff::SignedDuration;

use super::catalogue::Scripted;
use crate::clock;
use crate::cluster::{Cluster, Ends};
use crate::object::frame;
use crate::response::ByteStream;
use crate::status::Status;

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
    Wait(Duration),
    End,
    Stall,
}

/// Passes the lines of a watch through its faults.
pub(crate) fn shape(
    lines: ByteStream,
    faults: Vec<WatchFault>,
    cluster: Arc<Cluster>,
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
    };
    let mut ends = Ends::of(&cluster);
    Box::pin(async_stream::stream! {
        let mut lines = lines;
        let mut steps = shaper.start();
        loop {
            for step in steps {
                match step {
                    Step::Send(line) => yield line,
                    Step::Wait(time) => {
                        let until = clock::add(cluster.clock.now(), SignedDuration::try_from(time).unwrap_or_default());
                        cluster.clock.sleep_until(until).await;
                    }
                    Step::End => return,
                    Step::Stall => {
                        ends.come().await;
                        return;
                    }
                }
            }
            let line = match end {
                None => lines.next().await,
                // The time goes before the lines, or chance would say which of them still come.
                Some(end) => tokio::select! {
                    biased;
                    () = cluster.clock.sleep_until(end) => None,
                    line = lines.next() => line,
                },
            };
            let Some(line) = line else { return };
            steps = shaper.line(line);
        }
    })
}

/// Where a stream stands with its faults.
struct Shaper {
    faults: Vec<WatchFault>,
    /// How many events have passed.
    events: u64,
    held: VecDeque<Bytes>,
    swapped: Option<Bytes>,
}

impl Shaper {
    /// Some faults need no event to begin.
    fn start(&mut self) -> Vec<Step> {
        self.trouble_at(0)
    }

    fn line(&mut self, line: Bytes) -> Vec<Step> {
        if line.starts_with(b"{\"type\":\"BOOKMARK\"") {
            return self.bookmark(line);
        }
        if line.starts_with(b"{\"type\":\"ERROR\"") {
            return vec![Step::Send(line)];
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

    /// A bookmark never overtakes an event: it says that all before it were sent.
    fn bookmark(&mut self, line: Bytes) -> Vec<Step> {
        let mut steps: Vec<Step> = self.swapped.take().map(Step::Send).into_iter().collect();
        let mut line = line;
        for fault in self
            .faults
            .iter()
            .filter(|fault| self.events >= fault.after)
        {
            match fault.what {
                Trouble::NoBookmarks => return steps,
                Trouble::LateBookmarks(late) => steps.push(Step::Wait(late)),
                Trouble::PlainBookmarks => line = without_annotations(&line),
                _ => {}
            }
        }
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
    let text = String::from_utf8_lossy(line);
    const FIELD: &str = "\"resourceVersion\":\"";
    let Some(start) = text.find(FIELD).map(|at| at + FIELD.len()) else {
        return line.clone();
    };
    let end = text[start..]
        .find('"')
        .map_or(start, |length| start + length);
    format!("{}1{}", &text[..start], &text[end..]).into()
}

fn without_annotations(line: &Bytes) -> Bytes {
    String::from_utf8_lossy(line)
        .replace(
            ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}",
            "",
        )
        .into()
}
