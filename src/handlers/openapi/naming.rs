//! The words upstream makes names of operations and tags from.

use crate::kinds::{Gvk, Kind, KindRef, Subresource};

/// `listCoreV1NamespacedEndpoints`.
pub(super) fn id(word: &str, resource: &KindRef, suffix: &str) -> String {
    format!(
        "{word}{}{}{}{suffix}",
        group_id(resource),
        namespaced(resource),
        resource.kind
    )
}

/// `the specified Namespace` or `status of the specified Namespace`.
pub(super) fn part_of(resource: &KindRef, sub: Option<&Subresource>) -> String {
    let part = sub
        .map(|sub| format!("{} of ", sub.name))
        .unwrap_or_default();
    format!("{part}the specified {}", resource.kind)
}

pub(super) fn suffix(sub: Option<&Subresource>) -> String {
    sub.map(|sub| capitalised(&sub.name)).unwrap_or_default()
}

/// `a Namespace`, `an Event`, `Endpoints`: a plural has none.
pub(super) fn with_article(kind: &str) -> String {
    match kind {
        _ if kind.ends_with('s') && !kind.ends_with("ss") => kind.to_owned(),
        _ if kind.starts_with(['A', 'E', 'I', 'O', 'U']) => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// `CoreV1`, `RbacAuthorizationV1`.
pub(super) fn group_id(resource: &KindRef) -> String {
    format!(
        "{}{}",
        capitalised(&group_word(&resource.group)),
        capitalised(&resource.version)
    )
}

/// `core_v1`, `rbacAuthorization_v1`.
pub(super) fn tag(resource: &KindRef) -> String {
    format!("{}_{}", group_word(&resource.group), resource.version)
}

/// The group in camel case, `core` for the one without a name; `.k8s.io` is understood.
pub(super) fn group_word(group: &str) -> String {
    let group = group.strip_suffix(".k8s.io").unwrap_or(group);
    let mut parts = group.split(['.', '-']);
    let first = parts
        .next()
        .filter(|part| !part.is_empty())
        .unwrap_or("core");
    parts.fold(first.to_owned(), |word, part| word + &capitalised(part))
}

pub(super) fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// A kind by its name.
pub(super) fn gvk(kind: &Kind) -> Gvk {
    Gvk {
        group: kind.group.clone(),
        version: kind.version.clone(),
        kind: kind.kind.clone(),
    }
}

pub(super) fn namespaced(resource: &KindRef) -> &'static str {
    if resource.namespaced {
        "Namespaced"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kinds::{Catalog, Kind};

    fn endpoints() -> KindRef {
        let catalog = Catalog::built_in();
        catalog.find("", "v1", "endpoints").unwrap().clone()
    }

    /// The same in another group.
    fn roles() -> KindRef {
        Arc::new(Kind {
            group: "rbac.authorization.k8s.io".to_owned(),
            version: "v1beta1".to_owned(),
            ..Kind::clone(&endpoints())
        })
    }

    #[test]
    fn an_operation_is_named_after_group_version_scope_and_kind() {
        assert_eq!(
            id("list", &endpoints(), ""),
            "listCoreV1NamespacedEndpoints"
        );
        assert_eq!(
            id("watch", &roles(), "List"),
            "watchRbacAuthorizationV1beta1NamespacedEndpointsList"
        );
    }

    #[test]
    fn a_tag_is_the_group_in_camel_case_and_the_version() {
        assert_eq!(tag(&endpoints()), "core_v1");
        assert_eq!(tag(&roles()), "rbacAuthorization_v1beta1");
    }

    #[test]
    fn a_plural_kind_has_no_article() {
        assert_eq!(with_article("Endpoints"), "Endpoints");
        assert_eq!(with_article("Event"), "an Event");
        assert_eq!(with_article("Namespace"), "a Namespace");
        assert_eq!(with_article("IngressClass"), "an IngressClass");
    }
}
