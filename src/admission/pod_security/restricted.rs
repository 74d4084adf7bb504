//! The checks of the restricted level.

use serde_json::Value;

use super::baseline::{self, COMMON, Check, has_bad_seccomp, has_own_users};
use super::{Violation, distinct, named, plural, quoted, setters, those};
use crate::registry::pod::read::{containers, flag, is_set, list, member, number, text, texts};

const OWN: [(&str, Check); 6] = [
    ("allowPrivilegeEscalation", escalation),
    ("capabilities_restricted", capabilities),
    ("restrictedVolumes", volumes),
    ("runAsNonRoot", non_root),
    ("runAsUser", user),
    ("seccompProfile_restricted", seccomp),
];

const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn check(meta: &Value, spec: &Value, minor: u32) -> Vec<Violation> {
    baseline::run(COMMON.iter().chain(&OWN), meta, spec, minor)
}

fn security(container: &Value) -> &Value {
    &container["securityContext"]
}

/// What only Linux has is not asked of a pod of Windows.
fn is_exempt(spec: &Value, minor: u32) -> bool {
    minor >= 25 && text(&spec["os"], "name") == "windows"
}

fn escalation(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let names = those(spec, |container| {
        flag(security(container), "allowPrivilegeEscalation") != Some(false)
    });
    if names.is_empty() || minor < 8 || is_exempt(spec, minor) {
        return None;
    }
    let subject = named(&names);
    Some((
        "allowPrivilegeEscalation != false",
        format!("{subject} must set securityContext.allowPrivilegeEscalation=false"),
    ))
}

fn capabilities(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    if minor < 22 || is_exempt(spec, minor) {
        return None;
    }
    let of = |container: &'_ Value, field: &str| -> Vec<String> {
        let names = texts(&security(container)["capabilities"], field);
        names.into_iter().map(str::to_owned).collect()
    };
    let added = |container: &Value| -> Vec<String> {
        let mut added = of(container, "add");
        added.retain(|name| name != "NET_BIND_SERVICE");
        added
    };
    let keeping = those(spec, |container| {
        !of(container, "drop").iter().any(|name| name == "ALL")
    });
    let adding = those(spec, |container| !added(container).is_empty());
    let mut problems = Vec::new();
    if !keeping.is_empty() {
        let subject = named(&keeping);
        problems.push(format!(
            "{subject} must set securityContext.capabilities.drop=[\"ALL\"]"
        ));
    }
    if !adding.is_empty() {
        let all: Vec<String> = containers(spec).flat_map(|(_, _, c)| added(c)).collect();
        let all = distinct(all.iter().map(String::as_str));
        problems.push(format!(
            "{} must not include {} in securityContext.capabilities.add",
            named(&adding),
            quoted(&all)
        ));
    }
    (!problems.is_empty()).then(|| ("unrestricted capabilities", problems.join("; ")))
}

fn volumes(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let source = |volume: &'_ Value| -> Option<String> {
        let fields = volume.as_object()?.keys();
        fields.filter(|field| *field != "name").min().cloned()
    };
    let bad: Vec<(&str, String)> = list(spec, "volumes")
        .iter()
        .filter_map(|volume| Some((text(volume, "name"), source(volume)?)))
        .filter(|(_, source)| !VOLUMES.contains(&source.as_str()))
        .collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&str> = bad.iter().map(|(name, _)| *name).collect();
    let types = distinct(bad.iter().map(|(_, source)| source.as_str()));
    Some((
        "restricted volume types",
        format!(
            "{} {} {} restricted volume {} {}",
            plural(names.len(), "volume", "volumes"),
            quoted(&names),
            plural(names.len(), "uses", "use"),
            plural(types.len(), "type", "types"),
            quoted(&types)
        ),
    ))
}

fn non_root(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    if has_own_users(spec, minor) {
        return None;
    }
    let set = |holder: &Value| flag(security(holder), "runAsNonRoot");
    let subject = setters(
        set(spec) == Some(false),
        &those(spec, |container| set(container) == Some(false)),
    );
    let reason = "runAsNonRoot != true";
    if !subject.is_empty() {
        let detail = format!("{subject} must not set securityContext.runAsNonRoot=false");
        return Some((reason, detail));
    }
    let open = those(spec, |container| set(container).is_none());
    (set(spec) != Some(true) && !open.is_empty()).then(|| {
        let subject = named(&open);
        let detail = format!("pod or {subject} must set securityContext.runAsNonRoot=true");
        (reason, detail)
    })
}

fn user(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let is_root = |holder: &Value| number(security(holder), "runAsUser") == Some(0);
    let subject = setters(is_root(spec), &those(spec, is_root));
    if subject.is_empty() || minor < 23 || has_own_users(spec, minor) {
        return None;
    }
    Some(("runAsUser=0", format!("{subject} must not set runAsUser=0")))
}

fn seccomp(meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    if minor < 19 || is_exempt(spec, minor) {
        return None;
    }
    if let Some(found) = baseline::seccomp(meta, spec, minor) {
        return Some(found);
    }
    let has = |holder: &Value| {
        member(security(holder), "seccompProfile").is_some() && !has_bad_seccomp(holder)
    };
    let open = those(spec, |container| {
        !is_set(security(container), "seccompProfile")
    });
    (!has(spec) && !open.is_empty()).then(|| {
        let subject = named(&open);
        let detail = format!(
            "pod or {subject} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        );
        ("seccompProfile", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_that_asks_for_nothing_is_not_restricted_yet() {
        let spec = json!({"containers": [{"name": "c"}]});
        let reasons: Vec<&str> = check(&json!({}), &spec, u32::MAX)
            .into_iter()
            .map(|(reason, _)| reason)
            .collect();
        assert_eq!(
            reasons,
            [
                "allowPrivilegeEscalation != false",
                "unrestricted capabilities",
                "runAsNonRoot != true",
                "seccompProfile",
            ]
        );
        assert!(baseline::check(&json!({}), &spec, u32::MAX).is_empty());
    }
}
