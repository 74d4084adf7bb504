//! Which requests are logged, and how much of them: audit.k8s.io/v1 Policy.

use serde_json::Value;

use super::{COMPLETE, RECEIVED, STARTED};
use crate::codec::quote::quote;
use crate::request::info::RequestInfo;
use crate::request::user::UserInfo;

const API_VERSION: &str = "audit.k8s.io/v1";
const STAGES: [&str; 4] = [RECEIVED, STARTED, COMPLETE, "Panic"];
const LEVELS: [&str; 4] = ["None", "Metadata", "Request", "RequestResponse"];
const RULE: [&str; 9] = [
    "level",
    "users",
    "userGroups",
    "verbs",
    "resources",
    "namespaces",
    "nonResourceURLs",
    "omitStages",
    "omitManagedFields",
];

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Level {
    None,
    Metadata,
    Request,
    RequestResponse,
}

/// Rules, of which the first that is about a request counts.
#[derive(Debug)]
pub(super) struct Policy {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    level: Level,
    users: Vec<String>,
    groups: Vec<String>,
    verbs: Vec<String>,
    resources: Vec<Resources>,
    namespaces: Vec<String>,
    paths: Vec<String>,
    omitted: Vec<String>,
    omits_managed_fields: Option<bool>,
}

#[derive(Debug)]
struct Resources {
    group: String,
    resources: Vec<String>,
    names: Vec<String>,
}

/// What is to be logged of a request.
pub(super) struct Decision<'a> {
    pub(super) level: Level,
    omitted: &'a [String],
    /// Whether objects are logged without their managed fields.
    pub(super) omits_managed_fields: bool,
}

impl Decision<'_> {
    /// Whether a stage is left out.
    pub(super) fn omits(&self, stage: &str) -> bool {
        self.omitted.iter().any(|omitted| omitted == stage)
    }
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "None" => Level::None,
            "Metadata" => Level::Metadata,
            "Request" => Level::Request,
            "RequestResponse" => Level::RequestResponse,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Level::None => LEVELS[0],
            Level::Metadata => LEVELS[1],
            Level::Request => LEVELS[2],
            Level::RequestResponse => LEVELS[3],
        }
    }
}

impl Policy {
    /// Reads a policy, or says what is wrong with it.
    pub(super) fn parse(policy: &Value) -> Result<Self, String> {
        if policy["apiVersion"] != API_VERSION || policy["kind"] != "Policy" {
            return Err(format!("an audit policy is a Policy of {API_VERSION}"));
        }
        let everywhere = stages(&policy["omitStages"], "omitStages")?;
        let rules = policy["rules"].as_array().into_iter().flatten().enumerate();
        let rules = rules.map(|(index, rule)| {
            let place = format!("rules[{index}]");
            let mut rule = Rule::parse(rule, &place)?;
            rule.omitted.extend_from_slice(&everywhere);
            rule.omits_managed_fields = rule
                .omits_managed_fields
                .or(policy["omitManagedFields"].as_bool());
            Ok(rule)
        });
        let rules = rules.collect::<Result<Vec<_>, String>>()?;
        match rules.is_empty() {
            true => Err("loaded illegal policy with 0 rules".to_owned()),
            false => Ok(Policy { rules }),
        }
    }

    /// What is to be logged of this request; nothing, if no rule is about it.
    pub(super) fn decide(&self, user: Option<&UserInfo>, info: &RequestInfo) -> Decision<'_> {
        let rule = self.rules.iter().find(|rule| rule.is_about(user, info));
        match rule {
            Some(rule) => Decision {
                level: rule.level,
                omitted: &rule.omitted,
                omits_managed_fields: rule.omits_managed_fields == Some(true),
            },
            None => Decision {
                level: Level::None,
                omitted: &[],
                omits_managed_fields: false,
            },
        }
    }
}

impl Rule {
    fn parse(rule: &Value, place: &str) -> Result<Self, String> {
        let mut members = rule.as_object().into_iter().flat_map(|rule| rule.keys());
        if let Some(unknown) = members.find(|name| !RULE.contains(&name.as_str())) {
            return Err(format!(
                "unknown field {}",
                quote(&format!("{place}.{unknown}"))
            ));
        }
        let level = rule["level"].as_str().unwrap_or_default();
        let known = Level::parse(level);
        let level = known.ok_or_else(|| match level {
            "" => format!("{place}.level: Required value"),
            level => format!(
                "{place}.level: Unsupported value: {}: supported values: {}",
                quote(level),
                LEVELS.map(quote).join(", ")
            ),
        })?;
        let groups = rule["resources"].as_array().into_iter().flatten();
        let read = Rule {
            level,
            users: texts(&rule["users"]),
            groups: texts(&rule["userGroups"]),
            verbs: texts(&rule["verbs"]),
            resources: groups.map(Resources::parse).collect(),
            namespaces: texts(&rule["namespaces"]),
            paths: texts(&rule["nonResourceURLs"]),
            omitted: stages(&rule["omitStages"], &format!("{place}.omitStages"))?,
            omits_managed_fields: rule["omitManagedFields"].as_bool(),
        };
        let is_about_resources = !read.resources.is_empty() || !read.namespaces.is_empty();
        match is_about_resources && !read.paths.is_empty() {
            true => Err(format!(
                "{place}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and \
                 non-resource URLs"
            )),
            false => Ok(read),
        }
    }

    fn is_about(&self, user: Option<&UserInfo>, info: &RequestInfo) -> bool {
        let name = user.map_or("", |user| &user.name);
        let has = |list: &[String], text: &str| list.iter().any(|one| one == text);
        let is_in_group = || {
            let mut groups = user.into_iter().flat_map(|user| &user.groups);
            groups.any(|group| has(&self.groups, group))
        };
        if !self.users.is_empty() && (user.is_none() || !has(&self.users, name))
            || !self.groups.is_empty() && !is_in_group()
            || !self.verbs.is_empty() && !has(&self.verbs, info.verb())
        {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return info.is_resource
                && (self.namespaces.is_empty() || has(&self.namespaces, info.namespace()))
                && (self.resources.is_empty() || self.resources.iter().any(|r| r.has(info)));
        }
        self.paths.is_empty()
            || !info.is_resource && self.paths.iter().any(|path| matches(path, &info.path))
    }
}

impl Resources {
    fn parse(resources: &Value) -> Self {
        Resources {
            group: resources["group"].as_str().unwrap_or_default().to_owned(),
            resources: texts(&resources["resources"]),
            names: texts(&resources["resourceNames"]),
        }
    }

    fn has(&self, info: &RequestInfo) -> bool {
        if self.group != "*" && self.group != info.api_group() {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        let (resource, subresource) = (info.resource(), info.subresource());
        let whole = match subresource {
            "" => resource.to_owned(),
            subresource => format!("{resource}/{subresource}"),
        };
        let is_named = self.names.is_empty() || self.names.iter().any(|name| name == info.name());
        let is_it = |wanted: &String| {
            let with_all = wanted
                .strip_suffix("/*")
                .is_some_and(|start| start == resource);
            let of_any = wanted
                .strip_prefix("*/")
                .is_some_and(|end| end == subresource);
            *wanted == "*" || *wanted == whole || with_all || of_any && !subresource.is_empty()
        };
        is_named && self.resources.iter().any(is_it)
    }
}

fn matches(wanted: &str, path: &str) -> bool {
    wanted == "*"
        || wanted == path
        || wanted.ends_with('*') && path.starts_with(wanted.trim_end_matches('*'))
}

fn stages(list: &Value, place: &str) -> Result<Vec<String>, String> {
    let stages = texts(list);
    let mut unknown = stages.iter().enumerate();
    match unknown.find(|(_, stage)| !STAGES.contains(&stage.as_str())) {
        Some((index, stage)) => Err(format!(
            "{place}[{index}]: Invalid value: {}: allowed stages are {}",
            quote(stage),
            STAGES.join(",")
        )),
        None => Ok(stages),
    }
}

fn texts(list: &Value) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::request::query::Query;

    fn policy(rules: Value) -> Result<Policy, String> {
        Policy::parse(&json!({"apiVersion": API_VERSION, "kind": "Policy", "rules": rules}))
    }

    fn level(policy: &Policy, method: &Method, path: &str) -> &'static str {
        let info = RequestInfo::new(method, path.into(), &Query::default()).unwrap();
        let user = UserInfo::member("alice", &["dev"]);
        policy.decide(Some(&user), &info).level.as_str()
    }

    #[test]
    fn the_first_rule_about_a_request_counts() {
        let policy = policy(json!([
            {"level": "None", "users": ["bob"]},
            {"level": "None", "nonResourceURLs": ["/healthz*", "/version"]},
            {"level": "RequestResponse", "userGroups": ["dev"], "verbs": ["create"],
             "resources": [{"group": "apps", "resources": ["deployments", "*/scale"]}]},
            {"level": "Request", "namespaces": ["shop"], "resources": [{"resources": ["services/*"]}]},
            {"level": "Metadata", "resources": [{"resources": ["pods"], "resourceNames": ["a"]}]},
        ]))
        .unwrap();
        for (method, path, expected) in [
            (&Method::GET, "/healthz/ping", "None"),
            (&Method::GET, "/apis", "None"),
            (
                &Method::POST,
                "/apis/apps/v1/namespaces/a/deployments",
                "RequestResponse",
            ),
            (
                &Method::GET,
                "/apis/apps/v1/namespaces/a/deployments",
                "None",
            ),
            (
                &Method::POST,
                "/apis/apps/v1/namespaces/a/replicasets/b/scale",
                "RequestResponse",
            ),
            (
                &Method::GET,
                "/api/v1/namespaces/shop/services/b/status",
                "Request",
            ),
            (
                &Method::GET,
                "/api/v1/namespaces/shop/services/b",
                "Request",
            ),
            (&Method::GET, "/api/v1/namespaces/shop/pods/a", "Metadata"),
            (&Method::GET, "/api/v1/namespaces/shop/pods/b", "None"),
        ] {
            assert_eq!(level(&policy, method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_told() {
        for (rules, expected) in [
            (json!([]), "loaded illegal policy with 0 rules"),
            (json!([{}]), "rules[0].level: Required value"),
            (
                json!([{"level": "None", "x": 1}]),
                "unknown field \"rules[0].x\"",
            ),
            (
                json!([{"level": "None", "omitStages": ["x"]}]),
                "rules[0].omitStages[0]: Invalid value: \"x\": allowed stages are \
                 RequestReceived,ResponseStarted,ResponseComplete,Panic",
            ),
        ] {
            assert_eq!(policy(rules).unwrap_err(), expected);
        }
        assert!(Policy::parse(&json!({"kind": "Policy"})).is_err());
    }
}
