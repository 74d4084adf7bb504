//! What is at paths that are of no resource: the documents of discovery, the version, and who issues tokens.

use super::naming::{capitalised, group_word};
use super::operation::{Answer, Path, get};
use super::schema::name_of;
use crate::kinds::{Catalog, StructRef, meta};

/// A path, and the definition of what is there.
pub(super) struct Root {
    /// Its key in the index.
    pub(super) key: String,
    pub(super) path: Path,
    pub(super) answer: Option<&'static StructRef>,
}

/// Everything there is, but for the lists of resources.
pub(super) fn roots(catalog: &Catalog) -> Vec<Root> {
    let mut roots = vec![
        Root {
            path: get(
                "/.well-known/openid-configuration",
                "getServiceAccountIssuerOpenIDConfiguration".to_owned(),
                "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
                Answer::Text,
                "WellKnown".to_owned(),
            ),
            key: ".well-known/openid-configuration".to_owned(),
            answer: None,
        },
        Root {
            path: get(
                "/openid/v1/jwks",
                "getServiceAccountIssuerOpenIDKeyset".to_owned(),
                "get service account issuer OpenID JSON Web Key Set (contains public token verification keys)",
                Answer::Text,
                "openid".to_owned(),
            ),
            key: "openid/v1/jwks".to_owned(),
            answer: None,
        },
        root(
            "api",
            "getCoreAPIVersions",
            "get available API versions",
            &meta::API_VERSIONS,
            "core",
        ),
        root(
            "apis",
            "getAPIVersions",
            "get available API versions",
            &meta::API_GROUP_LIST,
            "apis",
        ),
        root(
            "version",
            "getCodeVersion",
            "get the version information for this server",
            &meta::VERSION_INFO,
            "version",
        ),
    ];
    // The groups of custom kinds are not described.
    let is_built_in = |group: &&str| {
        let mut kinds = catalog.kinds().filter(|kind| kind.group == *group);
        kinds.any(|kind| kind.custom.is_none())
    };
    let groups = catalog.groups().into_iter().filter(is_built_in);
    roots.extend(groups.filter(|group| !group.is_empty()).map(|group| {
        let word = group_word(group);
        root(
            &format!("apis/{group}"),
            &format!("get{}APIGroup", capitalised(&word)),
            "get information of a group",
            &meta::API_GROUP,
            &word,
        )
    }));
    roots.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    roots
}

fn root(key: &str, id: &str, says: &str, of: &'static StructRef, tag: &str) -> Root {
    let answer = Answer::Object(name_of(of));
    Root {
        path: get(
            &format!("/{key}"),
            id.to_owned(),
            says,
            answer,
            tag.to_owned(),
        ),
        key: key.to_owned(),
        answer: Some(of),
    }
}
