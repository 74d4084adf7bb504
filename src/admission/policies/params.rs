//! The parameters of a policy: objects that what binds it names.

use std::sync::Arc;

use serde_json::Value;

use crate::admission::Attributes;
use crate::admission::view::shown_kind;
use crate::kinds::KindRef;
use crate::registry::validation::read::text_at;
use crate::registry::workload::selection::Selection;

/// The kind of the parameters, if there are any.
#[derive(Debug)]
pub(super) struct Params(Option<(String, String)>);

/// Parameters, each perhaps none.
type Collected = Vec<Option<Arc<Value>>>;

impl Params {
    pub(super) fn of(kind: &Value) -> Self {
        let text = |field| text_at(kind, field).to_owned();
        Params(kind.is_object().then(|| (text("apiVersion"), text("kind"))))
    }

    fn kind(&self, write: &Attributes<'_>) -> Option<KindRef> {
        let (version, kind) = self.0.as_ref()?;
        write.asked?.catalog.find_kind(version, kind)
    }

    /// Why the parameters cannot be had at all.
    pub(super) fn misconfigured(&self, write: &Attributes<'_>) -> Option<String> {
        let (version, kind) = self.0.as_ref()?;
        self.kind(write).is_none().then(|| {
            let shown = shown_kind(version, kind);
            format!("failed to find resource referenced by paramKind: '{shown}'")
        })
    }

    /// `CollectParams`: one without parameters where none are asked for.
    pub(super) fn collect(
        &self,
        reference: &Value,
        write: &Attributes<'_>,
        object: Option<&Value>,
    ) -> Result<Collected, String> {
        let Some(kind) = self.kind(write).filter(|_| reference.is_object()) else {
            return Ok(vec![None]);
        };
        let given = text_at(reference, "namespace");
        let namespace = match (kind.namespaced, given) {
            (false, "") => "",
            (false, _) => {
                return Err(
                    "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                        .to_owned(),
                );
            }
            (true, "") => write.namespace_of(object),
            (true, given) => given,
        };
        if kind.namespaced && namespace.is_empty() {
            return Err(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                    .to_owned(),
            );
        }
        let params = find(&kind, reference, namespace, write)?;
        if params.is_empty() && text_at(reference, "parameterNotFoundAction") == "Deny" {
            return Err(
                "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned(),
            );
        }
        Ok(params)
    }
}

fn find(
    kind: &KindRef,
    reference: &Value,
    namespace: &str,
    write: &Attributes<'_>,
) -> Result<Collected, String> {
    let (group, lister) = (&kind.stored.group, write.lister);
    let name = text_at(reference, "name");
    if !name.is_empty() {
        let found = lister.get(group, &kind.kind, namespace, name);
        let found = found.map(|object| Some(object.value_in(kind)));
        return Ok(found.into_iter().collect());
    }
    let selection = Selection::of(&reference["selector"]);
    let selection = selection.ok_or("one of name or selector must be provided")?;
    let all = lister.list(group, &kind.kind, namespace).into_iter();
    let selected = all.filter(|object| {
        let value = object.value();
        selection.matches(&value["metadata"]["labels"])
    });
    Ok(selected.map(|object| Some(object.value_in(kind))).collect())
}
