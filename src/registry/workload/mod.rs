//! What the kinds that run pods have in common: a selector, a template of pods, counts of them, and the cells that show
//! these.

pub(crate) mod cells;
pub(crate) mod checks;
pub(crate) mod percent;
pub(crate) mod selection;
pub(crate) mod template;

use serde_json::Value;

use super::declared;
use super::pod;
use super::strategy::WriteContext;
use crate::names::is_dns1123_label;
use crate::object::meta_str;

/// What upstream does first to what is created or, with `old`, updated: features that are off are forgotten, then the
/// parts put back that this write does not concern. `template` is where the template of the pods is.
pub(crate) fn prepare(
    write: &WriteContext<'_>,
    object: &mut Value,
    old: Option<&Value>,
    template: &str,
) {
    if let Some(template) = object.pointer_mut(template) {
        pod::template::drop_disabled(template);
    }
    declared::reset(write, object, old);
}

/// Where the template is in most kinds.
pub(crate) const TEMPLATE: &str = "/spec/template";

/// Whether a write is one of the status alone.
pub(crate) fn is_of_status(write: &WriteContext<'_>) -> bool {
    write.subresource == "status"
}

/// Whether an update made another generation of the object, which is when its template is looked at again.
pub(crate) fn is_new_generation(object: &Value, old: &Value) -> bool {
    object["metadata"].get("generation") != old["metadata"].get("generation")
}

/// Counts another generation for a change of something beside the spec, which counts by itself.
pub(crate) fn count_change(object: &mut Value, old: &Value, changed: bool) {
    if changed && object["spec"] == old["spec"] {
        let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
        declared::set_generation(object, before + 1);
    }
}

/// The names of pods begin with that of the object, and pods do not get along with every name objects may have.
pub(crate) fn name_warning(object: &Value) -> Option<String> {
    let reasons = is_dns1123_label(meta_str(object, "name"));
    let told = reasons.join(" ");
    (!reasons.is_empty()).then(|| {
        format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; \
             a DNS label is recommended: [{told}]"
        )
    })
}
