//! Where a path leads. Resources are data, so routing is a reading of the path, not a tree of handlers.

use crate::handlers::Target;
use crate::handlers::documents::Document;
use crate::kinds::{Catalog, KindRef, Service, Verb};
use crate::request::text::{Text, segments};

/// Where a path leads.
pub(crate) enum Route {
    Resource(Target),
    Document(Document),
    /// Below a served prefix, but to nothing: a 404 as a Status.
    NoResource,
    /// A 404 as plain text.
    NotFound,
}

/// Where a decoded path leads.
pub(crate) fn route(path: &Text, catalog: &Catalog) -> Route {
    let Some(rest) = path.strip_prefix('/') else {
        return Route::NotFound;
    };
    let segments = segments(rest.trim_end_matches('/'));
    let slashed = rest.ends_with('/');
    let document = match segments.as_slice() {
        ["" | "index.html"] if rest.len() <= "index.html".len() && rest != "/" => Document::Root,
        ["healthz" | "livez" | "readyz", ..] if !slashed => Document::Health,
        ["version"] => Document::Version,
        ["version", ..] => return Route::NoResource,
        ["openapi", "v2"] if !slashed => Document::OpenApiV2,
        ["openapi", "v3"] if !slashed => Document::OpenApiV3Index,
        ["openapi", "v3", ..] => Document::OpenApiV3(rest["openapi/v3/".len()..].to_owned()),
        ["api"] => Document::ApiVersions,
        ["apis"] if !rest.ends_with("//") => Document::Groups,
        ["api", version, rest @ ..] => return in_version(path, catalog, ["", version], rest),
        ["apis", group, ..] if group.is_empty() || !catalog.has_group(group) => {
            return Route::NotFound;
        }
        ["apis", group] => Document::Group((*group).to_owned()),
        ["apis", group, version, rest @ ..] => {
            return in_version(path, catalog, [group, version], rest);
        }
        _ => return Route::NotFound,
    };
    Route::Document(document)
}

fn in_version(path: &Text, catalog: &Catalog, names: [&str; 2], rest: &[&str]) -> Route {
    let [group, version] = names;
    let is_custom = |kind: &KindRef| kind.custom.is_some();
    // Where definitions alone make a group, the last handler of all answers what is none of theirs.
    let nowhere = match catalog.of_group(group).all(is_custom) {
        true => || Route::NotFound,
        false => || Route::NoResource,
    };
    if !catalog.has_version(group, version) {
        return nowhere();
    }
    let route = match rest {
        [] => Route::Document(Document::Resources {
            group: group.to_owned(),
            version: version.to_owned(),
        }),
        ["watch", rest @ ..] => target(path, catalog, [group, version], rest, true),
        rest => target(path, catalog, [group, version], rest, false),
    };
    match route {
        Route::NoResource => nowhere(),
        route => route,
    }
}

fn target(
    path: &Text,
    catalog: &Catalog,
    [group, version]: [&str; 2],
    parts: &[&str],
    watch_path: bool,
) -> Route {
    // `namespaces/x/endpoints` is in a namespace; `namespaces/x/status` is about one. The router takes an empty word for
    // any parameter: what then goes without a name or a namespace, its handler refuses.
    let (namespace, parts) = match parts {
        ["namespaces", _, "status" | "finalize"] | ["namespaces"] | ["namespaces", _] => {
            (None, parts)
        }
        ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
        _ => (None, parts),
    };
    let (plural, name, subresource) = match parts {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Route::NoResource,
    };
    let Some(kind) = catalog.find(group, version, plural) else {
        return Route::NoResource;
    };
    let misplaced = kind.namespaced && namespace.is_none() && parts.len() > 1
        || !kind.namespaced && namespace.is_some()
        || kind.service == Service::Virtual && parts.len() > 1 && !kind.verbs.contains(&Verb::Get)
        || parts.len() == 2 && name.is_empty();
    // Of a custom object, its handler answers whatever is asked.
    let is_known = kind.custom.is_some() || kind.subresource(subresource).is_some();
    let unknown_part = !subresource.is_empty() && (watch_path || !is_known)
        || parts.len() > 2 && subresource.is_empty();
    if misplaced || unknown_part {
        return Route::NoResource;
    }
    Route::Resource(Target {
        kind: kind.clone(),
        namespace: path.part(namespace.unwrap_or_default()),
        in_namespace: namespace.is_some(),
        name: path.part(name),
        subresource: path.part(subresource),
        watch_path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(path: &str) -> String {
        match route(&path.into(), &Catalog::built_in()) {
            Route::Resource(t) => {
                format!(
                    "{}|{}|{}|{}|{}",
                    t.kind.plural, t.namespace, t.name, t.subresource, t.watch_path
                )
            }
            Route::Document(document) => format!("{document:?}"),
            Route::NoResource => "status".to_owned(),
            Route::NotFound => "text".to_owned(),
        }
    }

    #[test]
    fn paths_lead_where_the_real_server_has_something() {
        for (path, to) in [
            ("/", "Root"),
            ("/api", "ApiVersions"),
            ("/api/", "ApiVersions"),
            ("/apis/", "Groups"),
            ("/apis//", "text"),
            ("/healthz", "Health"),
            ("/healthz/", "text"),
            ("/version//", "Version"),
            ("/version/x", "status"),
            ("/openapi/v2/", "text"),
            ("/openapi/v3", "OpenApiV3Index"),
            ("/openapi/v3/", "OpenApiV3(\"\")"),
            ("/openapi/v3/api/v1/", "OpenApiV3(\"api/v1/\")"),
            ("/API/v1", "text"),
            ("//api/v1", "text"),
            ("/foo", "text"),
            ("/apis/nope.io/v1/x", "text"),
            ("/api/v2", "status"),
            ("/api/v1/foo", "status"),
            ("/api/v1//endpoints", "status"),
            ("/api/v1/endpoints", "endpoints||||false"),
            ("/api/v1/endpoints/x", "status"),
            ("/api/v1/namespaces/n/endpoints/", "endpoints|n|||false"),
            ("/api/v1/namespaces/n/endpoints/x", "endpoints|n|x||false"),
            ("/api/v1/namespaces/n/endpoints/x/status", "status"),
            ("/api/v1/namespaces/n", "namespaces||n||false"),
            (
                "/api/v1/namespaces/n/finalize",
                "namespaces||n|finalize|false",
            ),
            (
                "/api/v1/watch/namespaces/n/endpoints/x",
                "endpoints|n|x||true",
            ),
            ("/api/v1/watch/namespaces/n", "namespaces||n||true"),
            ("/api/v1/watch/foo", "status"),
        ] {
            assert_eq!(describe(path), to, "{path}");
        }
    }
}
