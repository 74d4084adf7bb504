//! `/healthz`, `/livez`, `/readyz` and their single checks. A server in memory is always well: a test that wants it
//! ill scripts a fault.

use crate::codec::quote::quote;

/// A plain text answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: String,
    /// Whether `X-Content-Type-Options: nosniff` goes with it; single checks come without.
    pub(crate) nosniff: bool,
}

/// Who reports a check.
#[derive(Clone, Copy, PartialEq)]
enum In {
    Every,
    Readyz,
}

/// The checks of a 1.36 server in the order it prints them.
const CHECKS: &[(In, &str)] = &[
    (In::Every, "ping"),
    (In::Every, "log"),
    (In::Every, "etcd"),
    (In::Readyz, "etcd-readiness"),
    (In::Readyz, "informer-sync"),
    (
        In::Every,
        "poststarthook/start-apiserver-admission-initializer",
    ),
    (In::Every, "poststarthook/generic-apiserver-start-informers"),
    (
        In::Every,
        "poststarthook/priority-and-fairness-config-consumer",
    ),
    (In::Every, "poststarthook/priority-and-fairness-filter"),
    (In::Every, "poststarthook/storage-object-count-tracker-hook"),
    (In::Every, "poststarthook/start-apiextensions-informers"),
    (In::Every, "poststarthook/start-apiextensions-controllers"),
    (In::Every, "poststarthook/crd-informer-synced"),
    (
        In::Every,
        "poststarthook/start-system-namespaces-controller",
    ),
    (
        In::Every,
        "poststarthook/peer-endpoint-reconciler-controller",
    ),
    (
        In::Every,
        "poststarthook/start-cluster-authentication-info-controller",
    ),
    (
        In::Every,
        "poststarthook/start-kube-apiserver-identity-lease-controller",
    ),
    (
        In::Every,
        "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    ),
    (In::Every, "poststarthook/storage-readiness"),
    (
        In::Every,
        "poststarthook/start-legacy-token-tracking-controller",
    ),
    (
        In::Every,
        "poststarthook/start-service-ip-repair-controllers",
    ),
    (In::Every, "poststarthook/rbac/bootstrap-roles"),
    (
        In::Every,
        "poststarthook/scheduling/bootstrap-system-priority-classes",
    ),
    (
        In::Every,
        "poststarthook/priority-and-fairness-config-producer",
    ),
    (In::Every, "poststarthook/bootstrap-controller"),
    (
        In::Every,
        "poststarthook/start-kubernetes-service-cidr-controller",
    ),
    (
        In::Every,
        "poststarthook/aggregator-reload-proxy-client-cert",
    ),
    (In::Every, "poststarthook/start-kube-aggregator-informers"),
    (
        In::Every,
        "poststarthook/apiservice-status-local-available-controller",
    ),
    (
        In::Every,
        "poststarthook/apiservice-status-remote-available-controller",
    ),
    (
        In::Every,
        "poststarthook/apiservice-registration-controller",
    ),
    (In::Every, "poststarthook/apiservice-discovery-controller"),
    (In::Every, "poststarthook/kube-apiserver-autoregistration"),
    (In::Every, "autoregister-completion"),
    (In::Every, "poststarthook/apiservice-openapi-controller"),
    (In::Every, "poststarthook/apiservice-openapiv3-controller"),
    (In::Readyz, "shutdown"),
];

/// Answers `healthz`, `livez` or `readyz`, or one of their checks (`livez/ping`); nothing where there is no such check.
pub(crate) fn check(path: &str, query: &[(String, String)]) -> Option<Answer> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (endpoint, single) = path
        .split_once('/')
        .map_or((path, None), |(endpoint, name)| (endpoint, Some(name)));
    let checks = checks_of(endpoint)?;
    match single {
        None => Some(Answer {
            code: 200,
            body: report(endpoint, &checks, query),
            nosniff: true,
        }),
        Some(name) => checks.contains(&name).then(|| Answer {
            code: 200,
            body: "ok".to_owned(),
            nosniff: false,
        }),
    }
}

fn checks_of(endpoint: &str) -> Option<Vec<&'static str>> {
    let ready = match endpoint {
        "readyz" => true,
        "healthz" | "livez" => false,
        _ => return None,
    };
    Some(
        CHECKS
            .iter()
            .filter(|(reported, _)| ready || *reported == In::Every)
            .map(|(_, name)| *name)
            .collect(),
    )
}

/// A bare `ok`, or a line a check if there is a `verbose` of any value.
fn report(endpoint: &str, checks: &[&str], query: &[(String, String)]) -> String {
    if !query.iter().any(|(key, _)| key == "verbose") {
        return "ok".to_owned();
    }
    let excluded: Vec<&str> = query
        .iter()
        .filter(|(key, _)| key == "exclude")
        .map(|(_, value)| value.as_str())
        .collect();
    let mut body = String::new();
    for name in checks {
        let how = if excluded.contains(name) {
            " excluded:"
        } else {
            ""
        };
        body.push_str(&format!("[+]{name}{how} ok\n"));
    }
    body.push_str(&warn_unknown(checks, excluded));
    body.push_str(&format!("{endpoint} check passed\n"));
    body
}

fn warn_unknown(checks: &[&str], mut excluded: Vec<&str>) -> String {
    excluded.retain(|name| !checks.contains(name));
    excluded.sort_unstable();
    excluded.dedup();
    if excluded.is_empty() {
        return String::new();
    }
    let names: Vec<String> = excluded.into_iter().map(quote).collect();
    format!(
        "warn: some health checks cannot be excluded: no matches for {}\n",
        names.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn body(path: &str, pairs: &[(&str, &str)]) -> String {
        check(path, &query(pairs)).unwrap().body
    }

    #[test]
    fn a_healthy_server_says_ok_without_a_line_end() {
        for path in ["healthz", "livez", "/readyz"] {
            let expected = Answer {
                code: 200,
                body: "ok".to_owned(),
                nosniff: true,
            };
            assert_eq!(check(path, &[]), Some(expected), "{path}");
        }
    }

    #[test]
    fn verbose_lists_every_check_whatever_its_value() {
        let text = body("livez", &[("verbose", "false")]);
        assert!(
            text.starts_with(
                "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]poststarthook/start-apiserver-"
            ),
            "{text}"
        );
        assert!(
            text.ends_with(
                "[+]poststarthook/apiservice-openapiv3-controller ok\nlivez check passed\n"
            ),
            "{text}"
        );
        assert!(body("healthz", &[("verbose", "")]).ends_with("healthz check passed\n"));
    }

    #[test]
    fn readiness_has_checks_of_its_own() {
        let text = body("readyz", &[("verbose", "")]);
        assert!(
            text.starts_with(
                "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]etcd-readiness ok\n[+]informer-sync ok\n"
            ),
            "{text}"
        );
        assert!(
            text.ends_with("[+]shutdown ok\nreadyz check passed\n"),
            "{text}"
        );
    }

    #[test]
    fn an_excluded_check_says_so() {
        let text = body("readyz", &[("verbose", ""), ("exclude", "log")]);
        assert!(
            text.starts_with("[+]ping ok\n[+]log excluded: ok\n[+]etcd ok\n"),
            "{text}"
        );
        assert!(!text.contains("warn:"), "{text}");
    }

    #[test]
    fn unknown_exclusions_are_warned_of_in_order() {
        let unknown = [
            ("verbose", ""),
            ("exclude", "nope"),
            ("exclude", "b"),
            ("exclude", "nope"),
        ];
        let end = "warn: some health checks cannot be excluded: no matches for \"b\",\"nope\"\nreadyz check passed\n";
        assert!(body("readyz", &unknown).ends_with(end));
        assert_eq!(body("readyz", &unknown[1..]), "ok");
    }

    #[test]
    fn a_single_check_is_ok_and_ignores_verbose() {
        let expected = Answer {
            code: 200,
            body: "ok".to_owned(),
            nosniff: false,
        };
        assert_eq!(
            check("livez/ping", &query(&[("verbose", "")])),
            Some(expected)
        );
        assert!(check("readyz/poststarthook/rbac/bootstrap-roles", &[]).is_some());
    }

    #[test]
    fn an_unknown_check_leads_nowhere() {
        for path in [
            "livez/nope",
            "livez/shutdown",
            "healthz/",
            "health",
            "metrics",
        ] {
            assert_eq!(check(path, &[]), None, "{path}");
        }
    }
}
