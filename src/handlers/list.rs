//! GET of a collection: a list, page by page if asked, at the version asked for; or the start of a watch.

use super::aside::SHOWN_OTHERWISE;
use super::selection::{Selection, wait_for};
use super::{Context, Sight, conversion, watch};
use crate::handlers::cluster::check_key;
use crate::kinds::{Kind, KindRef};
use crate::request::continue_token::Token;
use crate::request::negotiation;
use crate::request::options::{AtVersion, ListOptions, VersionMatch, parse_version};
use crate::request::selector::{FieldSelector, SupportedFields};
use crate::response::{Body, LastList, List, Presenter, Response};
use crate::status::Status;
use crate::storage::Revision;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let mut options = ListOptions::parse(ctx.query)?;
    check_fields(&ctx.target.kind, &options.fields)?;
    if ctx.target.watch_path && !ctx.target.name.is_empty() {
        pin_name(&mut options, &ctx.target.name)?;
    }
    // On the deprecated paths the parameter counts for nothing but how the others are read.
    if options.watch || ctx.target.watch_path {
        return watch::handle(ctx, &options, negotiated).await;
    }
    if ctx.expire_continue {
        return Err(Page::continued(ctx.sight(), &options, false)
            .await?
            .expired());
    }
    let target = ctx.target;
    let selection = Selection::new(&target.kind, &target.namespace, &options);
    check_key(&selection.prefix)?;
    let presenter = ctx.presenter(negotiated)?;
    let work = if presenter.is_plain() {
        1
    } else {
        SHOWN_OTHERWISE
    };
    ctx.before_objects(selection.count(ctx.cluster, options.limit), work)
        .await;
    let sight = ctx.sight();
    let page = Page::of(sight, &selection, &options).await?;
    if page.is_whole() && sight.stale.is_none() && selection.is_everything() {
        return whole(sight, &selection, &page, &presenter).await;
    }
    presenter.list(&page.shown(sight, &selection).await?)
}

/// All there is now. Written as it is it is kept for the next request, which mostly finds nothing changed.
async fn whole(
    sight: Sight<'_>,
    selection: &Selection,
    page: &Page,
    presenter: &Presenter,
) -> Result<Response, Status> {
    let (last, resource) = (&sight.cluster.last_list, &selection.kind);
    if !presenter.is_plain() {
        return presenter.list(&page.shown(sight, selection).await?);
    }
    let moment = sight.cluster.storage.view().moment();
    if let Some(body) = last.get(resource, &selection.prefix, moment) {
        return Ok(Response::new(200, negotiation::JSON, body));
    }
    let list = page.shown(sight, selection).await?;
    let mut response = presenter.list(&list)?;
    if list.revision != moment.revision {
        return Ok(response);
    }
    if matches!(&response.body, Body::Pieces(pieces) if pieces.len() <= LastList::MAX_SIZE) {
        response = response.in_full();
    }
    if let Body::Full(body) = &response.body {
        last.set(resource, &selection.prefix, moment, body);
    }
    Ok(response)
}

/// The deprecated watch path of one object is a watch with a field selector.
fn pin_name(options: &mut ListOptions, name: &str) -> Result<(), Status> {
    if options.fields.is_empty() {
        options.fields.pin("metadata.name", name);
    }
    if options.fields.exact("metadata.name") == Some(name) {
        return Ok(());
    }
    Err(Status::bad_request(
        "fieldSelector metadata.name doesn't match requested name",
    ))
}

pub(super) fn check_fields(kind: &Kind, fields: &FieldSelector) -> Result<(), Status> {
    let supported = match &*kind.selectable {
        [] => SupportedFields::Metadata,
        all if kind.policy.names_kind_of_fields => SupportedFields::OfKind(all, &kind.kind),
        all => SupportedFields::Own(all, &kind.unselectable),
    };
    fields.check_known(supported).map_err(Status::bad_request)
}

/// Lists what is there, at the version asked for.
pub(super) async fn list_now(
    sight: Sight<'_>,
    kind: &KindRef,
    namespace: &str,
    options: &ListOptions,
) -> Result<List, Status> {
    let selection = Selection::new(kind, namespace, options);
    check_key(&selection.prefix)?;
    let page = Page::of(sight, &selection, options).await?;
    page.collect(sight, &selection)
}

/// Which part of a list is wanted.
struct Page {
    /// The revision to show; `None` is the newest.
    at: Option<Revision>,
    /// The key to start at, relative to the selection's prefix.
    start: String,
    limit: usize,
    /// The continue token was made for this revision.
    continued: bool,
}

impl Page {
    /// Whether it is the whole list as it is now.
    fn is_whole(&self) -> bool {
        self.at.is_none() && self.start.is_empty() && self.limit == 0
    }

    async fn of(
        sight: Sight<'_>,
        selection: &Selection,
        options: &ListOptions,
    ) -> Result<Self, Status> {
        let any = options.resource_version == "0";
        if !options.continue_token.is_empty() {
            return Page::continued(sight, options, any).await;
        }
        let invalid = |e: String| Status::bad_request(format!("invalid resource version: {e}"));
        let version = parse_version(&options.resource_version).map_err(invalid)?;
        let limit = if any || selection.one_key.is_some() {
            0
        } else {
            options.limit
        };
        let mut page = Page {
            at: None,
            start: String::new(),
            limit,
            continued: false,
        };
        if let AtVersion::Number(version) = version {
            // Without a match, a limit makes it exact: the rule from before there was a match. One object has no pages.
            let exact = match options.version_match {
                Some(version_match) => version_match == VersionMatch::Exact,
                None => options.limit > 0 && selection.one_key.is_none(),
            };
            let is_uncached = selection.kind.policy.uncached;
            let at_once = is_uncached
                || exact && (selection.one_key.is_some() || options.version_match.is_some());
            if at_once && version > sight.horizon().0 {
                // Asked of etcd itself, where nobody waits.
                let status = Status::resource_version_too_large(version, sight.horizon().0, 0);
                return Err(status);
            }
            wait_for(sight, version).await?;
            page.at = exact.then_some(Revision(version));
        }
        Ok(page)
    }

    async fn continued(sight: Sight<'_>, options: &ListOptions, any: bool) -> Result<Self, Status> {
        let token = Token::decode(&options.continue_token)
            .map_err(|e| Status::bad_request(format!("invalid continue token: {e}")))?;
        if !options.resource_version.is_empty() && !any {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let limit = if any { 0 } else { options.limit };
        let mut page = Page {
            at: None,
            start: token.start,
            limit,
            continued: true,
        };
        if let Ok(version) = u64::try_from(token.revision) {
            wait_for(sight, version).await?;
            page.at = Some(Revision(version));
        }
        Ok(page)
    }

    /// The list in the version that was asked for.
    async fn shown(&self, sight: Sight<'_>, selection: &Selection) -> Result<List, Status> {
        let mut list = self.collect(sight, selection)?;
        let items = std::mem::take(&mut list.items);
        list.items = conversion::shown_all(sight.cluster, items, &selection.kind).await?;
        Ok(list)
    }

    fn collect(&self, sight: Sight<'_>, selection: &Selection) -> Result<List, Status> {
        let horizon = sight.horizon();
        let view = sight.cluster.storage.view();
        let at = self.at.unwrap_or(horizon);
        if view.check(at).is_err() {
            return Err(self.expired());
        }
        let mut range = selection.candidates(&view, &self.start, at);
        let mut list = List {
            items: Vec::new(),
            revision: at,
            continue_token: None,
            remaining: None,
        };
        let mut last = None;
        for (key, object) in range.by_ref() {
            if selection.matches(object) {
                list.items.push(object.clone());
                if list.items.len() == self.limit {
                    last = Some(key);
                    break;
                }
            }
        }
        if let Some(last) = last
            && range.next().is_some()
        {
            let start = last.strip_prefix(selection.prefix.as_str()).unwrap_or(last);
            let token = Token {
                revision: at.0.cast_signed(),
                start: format!("/{start}\0"),
            };
            list.continue_token = Some(token.encode());
            list.remaining = selection
                .is_everything()
                .then(|| view.count_after(&selection.prefix, last, at));
        }
        Ok(list)
    }

    /// The moment asked for is gone; a page can be gone on with inconsistently.
    fn expired(&self) -> Status {
        if !self.continued {
            return Status::expired("The resourceVersion for the provided list is too old.");
        }
        let mut status = Status::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new \
             list without the continue parameter, or use the continue token in this response to retrieve the \
             remainder of the results. Continuing with the provided token results in an inconsistent list - objects \
             that were created, modified, or deleted between the time the first chunk was returned and now may show \
             up in the list.",
        );
        status.continue_token = Some(
            Token {
                revision: -1,
                start: self.start.clone(),
            }
            .encode(),
        );
        status
    }
}
