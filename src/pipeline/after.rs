//! What faults make of an answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::SignedDuration;

use crate::clock::{self, Clock};
use crate::fault::effect::Break;
use crate::fault::firing::Firing;
use crate::response::{Body, ByteStream, Fate, Response};

const NO_BODY: &str = "the answer had no body";
const UPGRADED: &str = "the answer was a WebSocket, which has no body";
const WHOLE: &str = "the answer's body was not that long";

/// Waits this long, by the server's clock.
pub(super) async fn pause(clock: &Clock, length: Duration) {
    if !length.is_zero() {
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        clock.sleep_until(clock::add(clock.now(), length)).await;
    }
}

pub(super) fn accepted(mut response: Response, firing: &Firing) -> Response {
    let is_success = matches!(response.status, 200 | 201);
    if is_success {
        response.status = 202;
    }
    firing.acts_if(is_success, "the answer was no 200 or 201");
    response
}

/// The same answer, a few bytes of the body at a time.
pub(super) fn dripping(
    response: Response,
    bytes: usize,
    every: Duration,
    clock: Arc<Clock>,
    firing: &Firing,
) -> Response {
    let response = response.in_full();
    let mut whole: ByteStream = match response.body {
        Body::Full(body) if !body.is_empty() => Box::pin(futures_util::stream::iter([body])),
        Body::Stream(pieces) => pieces,
        body => {
            firing.cannot(without_body(&body));
            return Response { body, ..response };
        }
    };
    firing.cannot(NO_BODY);
    let firing = firing.clone();
    let slow = async_stream::stream! {
        while let Some(mut chunk) = whole.next().await {
            firing.acts();
            while !chunk.is_empty() {
                yield chunk.split_to(chunk.len().min(bytes));
                pause(&clock, every).await;
            }
        }
    };
    Response {
        body: Body::Stream(Box::pin(slow)),
        ..response
    }
}

/// The same answer, and the end of its connection; what is shorter than it is to be stays whole.
pub(super) fn broken(response: Response, how: Break, firing: &Firing) -> Response {
    let (bytes, fate) = match how {
        Break::Reset(bytes) => (bytes, Fate::ResetAfter(bytes)),
        Break::Close(bytes) => (bytes, Fate::CloseAfter(bytes)),
        Break::Last => {
            firing.acts();
            return Response {
                fate: Fate::Last,
                ..response
            };
        }
    };
    let response = response.in_full();
    let body = match response.body {
        Body::Full(body) if body.len() > bytes => {
            firing.acts();
            Body::Full(body)
        }
        Body::Stream(pieces) => {
            firing.cannot(WHOLE);
            Body::Stream(until(pieces, bytes, firing.clone()))
        }
        Body::Full(body) => {
            firing.cannot(WHOLE);
            let body = Body::Full(body);
            return Response { body, ..response };
        }
        body => {
            firing.cannot(without_body(&body));
            return Response { body, ..response };
        }
    };
    Response {
        body,
        fate,
        ..response
    }
}

/// The same pieces; once there are so many bytes of them, the connection ends.
fn until(mut pieces: ByteStream, bytes: usize, firing: Firing) -> ByteStream {
    if bytes == 0 {
        firing.acts();
    }
    Box::pin(async_stream::stream! {
        let mut left = bytes;
        while let Some(piece) = pieces.next().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                firing.acts();
            }
            yield piece;
        }
    })
}

fn without_body(body: &Body) -> &'static str {
    match body {
        Body::Upgraded(..) => UPGRADED,
        _ => NO_BODY,
    }
}
