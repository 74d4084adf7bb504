//! IP families: which a service has on a cluster that is configured for IPv4 only.

use serde_json::Value;

use crate::object::meta_str;
use crate::registry::validation::service::addresses::validate_cluster_ips;
use crate::registry::validation::service::spec::{NONE, Spec, copy, is_ipv6, set_texts, spec_mut};
use crate::status::Status;
use crate::status::field::FieldError;

const CONFIGURED: &str = "IPv4";
const OTHER: &str = "IPv6";

/// `initIPFamilyFields`: fills in the policy and the families, or says why they do not fit the cluster.
pub(super) fn init(service: &mut Value, old: Option<&Value>) -> Result<(), Status> {
    if Spec::of(service).is_external_name() || is_settled(service, old) {
        return Ok(());
    }
    if Spec::of(service).get("ipFamilyPolicy").is_none() {
        default_policy(service, old);
    }
    check(service, &validate_cluster_ips(service, old))?;
    let mut errors = old.map_or_else(Vec::new, |old| release_secondary(service, old));
    errors.extend(validate_single_stack(Spec::of(service)));
    errors.extend(infer_families(service));
    check(service, &errors)?;
    let spec = Spec::of(service);
    if spec.text("clusterIP") == NONE && !spec.has_selector() {
        fill_families_of_headless(service);
        return Ok(());
    }
    check(service, &validate_configured(spec))?;
    if spec.ip_families().is_empty() {
        set_texts(service, "ipFamilies", &[CONFIGURED]);
    }
    Ok(())
}

/// `isMatchingPreferDualStackClusterIPFields`: a service that takes what it can get is not touched again.
pub(super) fn is_settled(service: &Value, old: Option<&Value>) -> bool {
    let Some(old) = old.map(Spec::of) else {
        return false;
    };
    let new = Spec::of(service);
    let prefers = |spec: Spec<'_>| spec.text("ipFamilyPolicy") == "PreferDualStack";
    let same = |field: &str| new.get(field) == old.get(field);
    prefers(new)
        && (prefers(old) || old.get("ipFamilyPolicy").is_none())
        && ["type", "clusterIPs", "ipFamilies"].into_iter().all(same)
}

fn check(service: &Value, errors: &[FieldError]) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(
        "Service",
        "",
        meta_str(service, "name"),
        errors,
    ))
}

fn default_policy(service: &mut Value, old: Option<&Value>) {
    if let Some(old) = old
        && Spec::of(old).get("ipFamilyPolicy").is_some()
    {
        return copy(service, old, "ipFamilyPolicy");
    }
    let spec = Spec::of(service);
    let policy = if spec.text("clusterIP") == NONE && !spec.has_selector() {
        "RequireDualStack"
    } else {
        "SingleStack"
    };
    spec_mut(service).insert("ipFamilyPolicy".to_owned(), policy.into());
}

/// A single stack lets go of the second address and family; any other policy must not lose them.
fn release_secondary(service: &mut Value, old: &Value) -> Vec<FieldError> {
    let fields = [
        (
            "clusterIPs",
            "must be 'SingleStack' to release the secondary cluster IP",
        ),
        (
            "ipFamilies",
            "must be 'SingleStack' to release the secondary IP family",
        ),
    ];
    let mut errors = Vec::new();
    for (field, reason) in fields {
        let (new, before) = (Spec::of(service).texts(field), Spec::of(old).texts(field));
        if Spec::of(service).is_single_stack() {
            if new == before && new.len() > 1 {
                set_texts(service, field, &before[..1]);
            }
        } else if !new.is_empty() && new.len() < before.len() {
            errors.push(policy_error(Spec::of(service), reason));
        }
    }
    errors
}

fn policy_error(spec: Spec<'_>, reason: &str) -> FieldError {
    FieldError::invalid("spec.ipFamilyPolicy", &spec.shown("ipFamilyPolicy"), reason)
}

fn validate_single_stack(spec: Spec<'_>) -> Vec<FieldError> {
    if !spec.is_single_stack() {
        return Vec::new();
    }
    [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")]
        .into_iter()
        .filter(|(field, _)| spec.texts(field).len() == 2)
        .map(|(_, what)| {
            let reason = format!(
                "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
            );
            policy_error(spec, &reason)
        })
        .collect()
}

/// An address tells its family.
fn infer_families(service: &mut Value) -> Vec<FieldError> {
    let spec = Spec::of(service);
    let mut families: Vec<String> = spec.ip_families().into_iter().map(str::to_owned).collect();
    let mut errors = Vec::new();
    for (i, ip) in spec.cluster_ips().into_iter().enumerate() {
        if ip == NONE {
            break;
        }
        if i < families.len() {
            continue;
        }
        if is_ipv6(ip) {
            errors.push(FieldError::invalid(
                format!("spec.clusterIPs[{i}]"),
                &spec.shown("clusterIPs"),
                format!("{OTHER} is not configured on this cluster"),
            ));
        } else {
            families.push(CONFIGURED.to_owned());
        }
    }
    let families: Vec<&str> = families.iter().map(String::as_str).collect();
    set_texts(service, "ipFamilies", &families);
    errors
}

/// A headless service without a selector may have families the cluster does not know: its addresses are its owner's.
fn fill_families_of_headless(service: &mut Value) {
    let spec = Spec::of(service);
    let first = spec
        .ip_families()
        .first()
        .copied()
        .unwrap_or(CONFIGURED)
        .to_owned();
    let second = if first == CONFIGURED {
        OTHER
    } else {
        CONFIGURED
    };
    match (spec.ip_families().len(), spec.is_single_stack()) {
        (0 | 1, false) => set_texts(service, "ipFamilies", &[&first, second]),
        (0, true) => set_texts(service, "ipFamilies", &[&first]),
        _ => {}
    }
}

fn validate_configured(spec: Spec<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.text("ipFamilyPolicy") == "RequireDualStack" {
        errors.push(policy_error(
            spec,
            "this cluster is not configured for dual-stack services",
        ));
    }
    for (i, family) in spec.ip_families().into_iter().enumerate() {
        if family != CONFIGURED {
            let path = format!("spec.ipFamilies[{i}]");
            errors.push(FieldError::invalid_str(
                path,
                family,
                "not configured on this cluster",
            ));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(spec: Value) -> Value {
        json!({"metadata": {"name": "s"}, "spec": spec})
    }

    #[test]
    fn policy_and_families_follow_from_the_kind_of_service() {
        for (spec, policy, families) in [
            (json!({}), "SingleStack", json!(["IPv4"])),
            (
                json!({"ipFamilyPolicy": "PreferDualStack"}),
                "PreferDualStack",
                json!(["IPv4"]),
            ),
            (
                json!({"clusterIP": "None", "clusterIPs": ["None"]}),
                "RequireDualStack",
                json!(["IPv4", "IPv6"]),
            ),
            (
                json!({"clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv6"]}),
                "RequireDualStack",
                json!(["IPv6", "IPv4"]),
            ),
            (
                json!({"clusterIP": "None", "clusterIPs": ["None"], "selector": {"a": "b"}}),
                "SingleStack",
                json!(["IPv4"]),
            ),
        ] {
            let mut object = service(spec);
            init(&mut object, None).unwrap();
            assert_eq!(object["spec"]["ipFamilyPolicy"], policy, "{object}");
            assert_eq!(object["spec"]["ipFamilies"], families, "{object}");
        }
    }

    #[test]
    fn what_takes_ipv6_is_refused() {
        for (spec, message) in [
            (
                json!({"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]}),
                r#"[spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services, spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster]"#,
            ),
            (
                json!({"ipFamilies": ["IPv4", "IPv6"]}),
                r#"spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"#,
            ),
            (
                json!({"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"]}),
                r#"spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster"#,
            ),
        ] {
            let status = init(&mut service(spec), None).unwrap_err();
            assert_eq!(
                status.message,
                format!("Service \"s\" is invalid: {message}")
            );
        }
    }

    #[test]
    fn an_update_adopts_the_policy_and_a_single_stack_lets_go_of_the_second_family() {
        let old = service(json!({
            "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"],
            "clusterIP": "None", "clusterIPs": ["None"],
        }));
        let mut new = service(json!({"clusterIP": "None", "clusterIPs": ["None"]}));
        init(&mut new, Some(&old)).unwrap();
        assert_eq!(new["spec"], old["spec"]);
        new["spec"]["ipFamilyPolicy"] = json!("SingleStack");
        init(&mut new, Some(&old)).unwrap();
        assert_eq!(new["spec"]["ipFamilies"], json!(["IPv4"]));
    }
}
