//! Which plugins a server has: upstream's `--enable-admission-plugins` and `--disable-admission-plugins`.

use crate::codec::quote::quote;

/// Upstream's plugins that every cluster has, in its order.
const USUAL: [&str; 27] = [
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "TaintNodesByCondition",
    "PodSecurity",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PodGroupProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "PodTopologyLabels",
    "PodGroupWorkloadExists",
    "NodeDeclaredFeatureValidator",
    "JobValidation",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
];

/// Those it has too, and who has to ask for them.
const OTHERS: [&str; 14] = [
    ADMIT,
    AUTO_PROVISION,
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "NodeRestriction",
    "AlwaysPullImages",
    "ImagePolicyWebhook",
    "PodNodeSelector",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "OwnerReferencesPermissionEnforcement",
    "DenyServiceExternalIPs",
    "AlwaysDeny",
];

const ADMIT: &str = "AlwaysAdmit";
/// It makes namespaces that are missing.
const AUTO_PROVISION: &str = "NamespaceAutoProvision";

/// The plugins that were asked for, and those that were asked to go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    enabled: Vec<String>,
    disabled: Vec<String>,
}

impl Selection {
    /// Asks for a plugin.
    pub(crate) fn enable(&mut self, name: String) {
        self.enabled.push(name);
    }

    /// Asks a plugin to go.
    pub(crate) fn disable(&mut self, name: String) {
        self.disabled.push(name);
    }

    /// Whether a plugin that is played here takes part.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.disabled.iter().any(|gone| gone == name)
    }

    /// Whether namespaces spring up.
    pub(crate) fn provides_namespaces(&self) -> bool {
        self.enabled.iter().any(|name| name == AUTO_PROVISION)
    }

    /// What is wrong with it, in upstream's words as far as it has any.
    pub(crate) fn check(&self) -> Result<(), String> {
        let flags = [("enable", &self.enabled), ("disable", &self.disabled)];
        let mut problems = Vec::new();
        for (flag, names) in flags {
            let unknown = names.iter().filter(|name| !is_known(name));
            let told = |name: &String| {
                format!("{flag}-admission-plugins plugin {} is unknown", quote(name))
            };
            problems.extend(unknown.map(told));
        }
        let mut both: Vec<&str> = self.enabled.iter().map(String::as_str).collect();
        both.retain(|name| self.disabled.iter().any(|gone| gone == name));
        both.sort_unstable();
        both.dedup();
        if !both.is_empty() {
            problems.push(format!(
                "[{}] in enable-admission-plugins and disable-admission-plugins overlapped",
                both.join(" ")
            ));
        }
        let played = |name: &&String| USUAL.contains(&name.as_str()) || is_harmless(name);
        let missing = self
            .enabled
            .iter()
            .filter(|name| is_known(name) && !played(name));
        problems.extend(missing.map(|name| {
            format!(
                "enable-admission-plugins: {name} is not played by this fake apiserver, which would take what it is to refuse"
            )
        }));
        match problems.as_slice() {
            [] => Ok(()),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }
}

/// Whether upstream has a plugin of this name.
fn is_known(name: &str) -> bool {
    USUAL.contains(&name) || OTHERS.contains(&name)
}

/// Whether nothing is missed without a plugin. NodeRestriction is about the users of nodes alone.
fn is_harmless(name: &str) -> bool {
    [ADMIT, AUTO_PROVISION, "NodeRestriction"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(enabled: &[&str], disabled: &[&str]) -> Selection {
        Selection {
            enabled: enabled.iter().map(|&name| name.to_owned()).collect(),
            disabled: disabled.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn unknown_and_contradictory_plugins_are_refused_in_upstreams_words() {
        for (enabled, disabled, expected) in [
            (
                &["NodeRestriction", "Priority"][..],
                &["ServiceAccount"][..],
                None,
            ),
            (
                &["Nope"],
                &[],
                Some("enable-admission-plugins plugin \"Nope\" is unknown"),
            ),
            (
                &[],
                &["Nope"],
                Some("disable-admission-plugins plugin \"Nope\" is unknown"),
            ),
            (
                &["Priority"],
                &["Priority"],
                Some(
                    "[Priority] in enable-admission-plugins and disable-admission-plugins overlapped",
                ),
            ),
        ] {
            let checked = selection(enabled, disabled).check();
            assert_eq!(
                checked.err().as_deref(),
                expected,
                "{enabled:?} {disabled:?}"
            );
        }
        let problem = selection(&["EventRateLimit"], &[]).check().unwrap_err();
        assert!(
            problem.contains("EventRateLimit is not played"),
            "{problem}"
        );
    }

    #[test]
    fn what_was_asked_to_go_is_gone() {
        let selection = selection(&["NamespaceAutoProvision"], &["ServiceAccount"]);
        assert!(!selection.has("ServiceAccount") && selection.has("Priority"));
        assert!(selection.provides_namespaces());
    }
}
