//! A watch: where it starts, how it is written, when it ends.

mod feed;
mod websocket;

use std::sync::Arc;

use http::header;
use jiff::{SignedDuration, Timestamp};

use self::feed::{Ending, Feed, Start};
use self::websocket::Handshake;

use super::selection::{Selection, wait_for};
use super::{Context, Sight};
use crate::clock;
use crate::handlers::cluster::{Cluster, check_key};
use crate::object::Object;
use crate::object::frame::Frames;
use crate::request::negotiation::{self, Negotiated, Transform};
use crate::request::options::{AtVersion, ListOptions, parse_version};
use crate::response::watch::Writer;
use crate::response::{Body, Response};
use crate::status::Status;
use crate::storage::Revision;

/// A watch without a timeout lasts this long, times a factor from 1 to 2.
const MIN_WATCH: SignedDuration = SignedDuration::from_secs(1800);

pub(super) async fn handle(
    ctx: &mut Context<'_>,
    options: &ListOptions,
    negotiated: Negotiated,
) -> Result<Response, Status> {
    let started = ctx.cluster.clock.now();
    let selection = Selection::new(&ctx.target.kind, &ctx.target.namespace, options);
    check_key(&selection.prefix)?;
    ctx.before_objects(selection.count(ctx.cluster, 0), 1).await;
    let start = start(ctx.sight(), &selection, options).await?;
    ctx.presenter(negotiated)?;
    let negotiated = negotiation::negotiate_stream(ctx.request, ctx.query, ctx.target.kind.wire)?;
    let presenter = ctx.presenter(negotiated)?;
    let upgrade = websocket::accept(ctx.request);
    let writer = Writer::new(presenter, ctx.cluster.clock.clone(), upgrade.is_none());
    let select: Arc<dyn Fn(&Object) -> bool + Send + Sync> = {
        let selection = selection.clone();
        Arc::new(move |object| selection.matches(object))
    };
    let ending = ending(ctx.cluster, options, started);
    let over = match ending {
        Ending::At(end) => Some(end),
        Ending::AtOnce => None,
    };
    let feed = Feed {
        cluster: ctx.cluster.clone(),
        scope: selection.into_scope(),
        select,
        kind: ctx.target.kind.clone(),
        start,
        ending,
        bookmarks: options.allow_bookmarks,
        stale: ctx.stale,
        shows_objects: !matches!(
            negotiated.transform,
            Transform::PartialObjectMetadataList(_)
        ),
    };
    let frames = (ctx.through)(feed.stream(), over);
    Ok(respond(upgrade, writer, frames))
}

/// The written frames as the client asked for them: a chunked body, or the messages of a WebSocket.
fn respond(upgrade: Option<Handshake>, writer: Writer, frames: Frames) -> Response {
    let (content_type, is_text) = (writer.content_type(), writer.is_text());
    let frames = Box::pin(writer.write(frames));
    match upgrade {
        Some(upgrade) => upgrade.answer(frames, is_text),
        None => {
            let mut response = Response::with_body(200, Body::Stream(frames));
            response.headers.add(header::CONTENT_TYPE, content_type);
            response
        }
    }
}

/// Where the watch starts: with what is there, or after a revision.
async fn start(
    sight: Sight<'_>,
    selection: &Selection,
    options: &ListOptions,
) -> Result<Start, Status> {
    let version = parse_version(&options.resource_version).map_err(Status::raw)?;
    let from_now = matches!(version, AtVersion::Unset | AtVersion::Any);
    let with_end = options.allow_bookmarks && options.send_initial_events == Some(true);
    match (options.send_initial_events, version) {
        (Some(false), _) if from_now => Ok(Start::After(sight.horizon())),
        (None | Some(false), AtVersion::Number(n)) => Ok(Start::After(Revision(n))),
        (_, AtVersion::Number(n)) => match wait_for(sight, n).await {
            Ok(()) => Ok(snapshot(sight, selection, with_end)),
            Err(status) => Ok(Start::Failed(status)),
        },
        _ => Ok(snapshot(sight, selection, with_end)),
    }
}

fn snapshot(sight: Sight<'_>, selection: &Selection, with_end: bool) -> Start {
    let revision = sight.horizon();
    let view = sight.cluster.storage.view();
    let objects = selection.candidates(&view, "", revision);
    let objects = objects.filter(|(_, object)| selection.matches(object));
    Start::With {
        objects: objects.map(|(_, object)| object.clone()).collect(),
        revision,
        with_end,
    }
}

fn ending(cluster: &Cluster, options: &ListOptions, started: Timestamp) -> Ending {
    let length = match options.timeout_seconds {
        Some(seconds) if seconds < 0 => return Ending::AtOnce,
        Some(seconds) if seconds > 0 => SignedDuration::from_secs(seconds),
        _ => spread(MIN_WATCH, cluster.ids.spread()),
    };
    Ending::At(clock::add(started, length))
}

fn spread(length: SignedDuration, factor: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(length.as_secs_f64() * factor).unwrap_or(length)
}
