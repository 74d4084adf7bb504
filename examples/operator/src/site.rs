//! The kind of the operator.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// A site, and what is on its pages.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Site",
    namespaced,
    shortname = "st",
    status = "SiteStatus",
    printcolumn = r#"{"name": "Title", "type": "string", "jsonPath": ".spec.title"}"#,
    printcolumn = r#"{"name": "Pages", "type": "integer", "jsonPath": ".status.pages"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct SiteSpec {
    /// What it is called, once and for all.
    #[x_kube(validation = ("self == oldSelf", "a title is for ever"))]
    #[schemars(length(min = 1, max = 64))]
    pub title: String,
    /// What is on each page.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
}

/// What the operator tells of a site.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteStatus {
    /// How many pages are published.
    #[serde(default)]
    pub pages: usize,
    /// The generation of the site that this is about.
    pub observed_generation: Option<i64>,
}
