//! The frames of a watch, written the way it was asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderValue;
use serde_json::json;

use super::bookmark::Bookmark;
use super::encoder::{Document, Encoder, FrameType, encoder};
use super::table::{Columns, Table};
use super::{IncludeObject, Presenter};
use crate::clock::Clock;
use crate::object::Object;
use crate::object::frame::{Frame, Frames};
use crate::request::negotiation::Transform;
use crate::storage::Revision;

/// Writes the frames of one watch.
pub(crate) struct Writer {
    encoder: &'static dyn Encoder,
    presenter: Presenter,
    /// The columns of a Table are described once.
    columns: Columns,
    /// By which a Table tells ages.
    clock: Arc<Clock>,
    /// Whether frames stand one after the other in a body; else each is a message by itself.
    in_body: bool,
}

impl Writer {
    pub(crate) fn new(presenter: Presenter, clock: Arc<Clock>, in_body: bool) -> Self {
        Writer {
            in_body,
            encoder: encoder(presenter.negotiated),
            presenter,
            columns: Columns::Shown,
            clock,
        }
    }

    pub(crate) fn content_type(&self) -> HeaderValue {
        self.encoder.stream_type()
    }

    /// Whether the frames are text.
    pub(crate) fn is_text(&self) -> bool {
        self.encoder.is_text()
    }

    /// The same frames as bytes, one item a frame. What cannot be written ends them.
    pub(crate) fn write(self, frames: Frames) -> Encoded {
        Encoded {
            frames,
            writer: self,
        }
    }

    /// A frame as it is sent.
    fn sent(&mut self, frame: &Frame) -> Option<Bytes> {
        if let Frame::Half(frame) = frame {
            let whole = self.sent(frame)?;
            return Some(whole.slice(..whole.len() / 2));
        }
        let frame = self.frame(frame)?;
        Some(match self.in_body {
            true => self.encoder.delimit(frame),
            false => frame,
        })
    }

    fn frame(&mut self, frame: &Frame) -> Option<Bytes> {
        match frame {
            Frame::Event { change, object } => self.object(FrameType::Change(*change), object),
            Frame::Bookmark {
                revision,
                ends_initial_events,
            } => self.bookmark(*revision, *ends_initial_events),
            Frame::Error(status) => self
                .encoder
                .frame(FrameType::Error, &Document::Status(status)),
            Frame::Half(frame) => self.frame(frame),
            Frame::Malformed => Some(self.encoder.malformed_frame()),
        }
    }

    fn object(&mut self, ty: FrameType, object: &Object) -> Option<Bytes> {
        let shown;
        let document = match self.presenter.negotiated.transform {
            // A list of them is not asked of a watch.
            Transform::None | Transform::PartialObjectMetadataList(_) => {
                shown = self.presenter.in_asked_version(object);
                Document::Object(shown.as_ref().unwrap_or(object))
            }
            Transform::PartialObjectMetadata(version) => Document::Partial(object, version),
            Transform::Table(version) => {
                self.presenter.now = self.clock.now();
                Document::Table(Table {
                    columns: std::mem::replace(&mut self.columns, Columns::Null),
                    ..Table::of(&self.presenter, object, version)
                })
            }
        };
        self.encoder.frame(ty, &document)
    }

    fn bookmark(&mut self, revision: Revision, ends_initial_events: bool) -> Option<Bytes> {
        let kind = self.presenter.kind.clone();
        let bookmark = Bookmark {
            kind: &kind,
            revision,
            ends_initial_events,
        };
        let document = Document::Bookmark(bookmark);
        match self.presenter.negotiated.transform {
            Transform::None | Transform::PartialObjectMetadataList(_) => {
                self.encoder.frame(FrameType::Bookmark, &document)
            }
            // An object with nothing but metadata, whatever of the others is shown.
            _ => {
                let shown = self.presenter.include_object;
                self.presenter.include_object = IncludeObject::Metadata;
                let metadata = json!({"metadata": bookmark.metadata()});
                let object = Object::new(&kind, metadata, Vec::new());
                let written = self.object(FrameType::Bookmark, &object);
                self.presenter.include_object = shown;
                written
            }
        }
    }
}

/// The frames of a watch as bytes, each written when it is asked for.
pub(crate) struct Encoded {
    frames: Frames,
    writer: Writer,
}

impl Stream for Encoded {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let frame = ready!(self.frames.as_mut().poll_next(cx));
        Poll::Ready(frame.and_then(|frame| self.writer.sent(&frame)))
    }
}
