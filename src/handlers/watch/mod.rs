//! A watch: where it starts, how it is written, when it ends.

mod feed;
mod websocket;

use std::sync::Arc;

use http::header;
use jiff::{SignedDuration, Timestamp};

use self::feed::{Ending, Feed, Start};

use super::selection::{Selection, wait_for};
use super::{Context, Sight};
use crate::clock;
use crate::handlers::cluster::{Cluster, check_key};
use crate::object::Object;
use crate::request::negotiation::{self, Negotiated, Transform};
use crate::request::options::{AtVersion, ListOptions, parse_version};
use crate::response::watch::Writer;
use crate::response::{Body, ByteStream, Response};
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
    let start = start(ctx.sight(), &selection, options).await?;
    ctx.presenter(negotiated)?;
    let negotiated = negotiation::negotiate_stream(ctx.request, ctx.query)?;
    let writer = Writer::new(ctx.presenter(negotiated)?, ctx.cluster.clock.clone());
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
        prefix: selection.prefix,
        select,
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
    Ok(respond(ctx, Box::pin(writer.write(frames))))
}

/// The written frames as the client asked for them: a chunked body, or the messages of a WebSocket.
fn respond(ctx: &mut Context<'_>, frames: ByteStream) -> Response {
    match websocket::accept(ctx.request) {
        Some(upgrade) => upgrade.answer(frames),
        None => Response::with_body(200, Body::Stream(frames))
            .header(header::CONTENT_TYPE, negotiation::JSON),
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
    let objects = view
        .range(&selection.prefix, "", revision)
        .map(|(_, object)| object.clone());
    Start::With {
        objects: objects.filter(|object| selection.matches(object)).collect(),
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
