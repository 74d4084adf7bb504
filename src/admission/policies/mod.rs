//! ValidatingAdmissionPolicy and MutatingAdmissionPolicy: expressions that stand in the store are asked about a write.
//!
//! A policy acts where something binds it, see [`Acting`](super::acting::Acting); policies and what binds them are
//! compiled once, when they are first met.

mod mutating;
mod params;
mod patches;
mod validating;

pub(super) use mutating::mutate;
pub(super) use validating::validate;

use std::sync::Arc;

use serde_json::Value;

use self::params::Params;
use super::Attributes;
use super::conditions::Conditions;
use super::matching::{self, Criteria};
use super::view::View;
use crate::cel::{Program, Variable};
use crate::object::{Object, meta_str};
use crate::registry::Lister;
use crate::registry::admissionregistration::expressions::{Compiler, Gives, Names};
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::Status;

/// The resources that no policy is asked about: who asks whom they may trust must not wait for one.
const EXCLUDED: [(&str, &str); 6] = [
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
];

/// An expression with its text, or why it does not compile.
#[derive(Debug)]
struct Compiled {
    text: String,
    program: Result<Program, String>,
}

/// A policy of either kind, and what binds it.
#[derive(Debug)]
pub(crate) struct Policy {
    name: String,
    criteria: Criteria,
    fails_open: bool,
    is_reinvoked: bool,
    params: Params,
    variables: Vec<Variable>,
    conditions: Conditions,
    validations: Vec<validating::Validation>,
    annotations: Vec<(String, Compiled)>,
    mutations: Vec<patches::Mutation>,
    bindings: Vec<Binding>,
}

/// What binds a policy.
#[derive(Debug)]
struct Binding {
    name: String,
    param: Value,
    criteria: Criteria,
    actions: Vec<String>,
}

impl Policy {
    /// All policies of a kind that something binds, by their names.
    pub(super) fn all(lister: &dyn Lister, kind: &str) -> Vec<Policy> {
        let bindings = lister.list(matching::GROUP, &format!("{kind}Binding"), "");
        let policies = lister.list(matching::GROUP, kind, "");
        let bound = policies.iter().filter_map(|policy| {
            let binds = |binding: &&Arc<Object>| {
                text_at(&binding.value()["spec"], "policyName") == policy.name()
            };
            let bindings: Vec<Binding> = bindings.iter().filter(binds).map(Binding::of).collect();
            (!bindings.is_empty()).then(|| Policy::new(&policy.value(), bindings))
        });
        bound.collect()
    }

    fn new(policy: &Value, bindings: Vec<Binding>) -> Self {
        let spec = &policy["spec"];
        let names = Names {
            params: !spec["paramKind"].is_null(),
            authorizer: true,
            patches: false,
        };
        let fails_open = text_at(spec, "failurePolicy") == "Ignore";
        let mut compiler = Compiler::with_variables();
        let variables = list_at(spec, "variables").iter().map(|variable| {
            let (name, text) = (text_at(variable, "name"), text_at(variable, "expression"));
            Variable {
                name: name.to_owned(),
                program: compiler.compile_variable(name, text, names),
            }
        });
        let variables = variables.collect();
        let annotations = list_at(spec, "auditAnnotations").iter().map(|annotation| {
            let text = text_at(annotation, "valueExpression");
            let compiled = Compiled::new(&compiler, text, names, Gives::TextOrNull);
            (text_at(annotation, "key").to_owned(), compiled)
        });
        let conditions = list_at(spec, "matchConditions");
        let validations = list_at(spec, "validations").iter();
        let mutations = list_at(spec, "mutations").iter();
        Policy {
            name: meta_str(policy, "name").to_owned(),
            criteria: Criteria::of_policy(&spec["matchConstraints"]),
            fails_open,
            is_reinvoked: text_at(spec, "reinvocationPolicy") == "IfNeeded",
            params: Params::of(&spec["paramKind"]),
            conditions: Conditions::new(&compiler, names, conditions, fails_open),
            validations: validations
                .map(|validation| validating::Validation::new(&compiler, names, validation))
                .collect(),
            annotations: annotations.collect(),
            mutations: mutations
                .map(|mutation| patches::Mutation::new(&compiler, names, mutation))
                .collect(),
            variables,
            bindings,
        }
    }
}

impl Binding {
    fn of(binding: &Arc<Object>) -> Self {
        let value = binding.value();
        let spec = &value["spec"];
        let actions = texts_at(spec, "validationActions").into_iter();
        Binding {
            name: binding.name().to_owned(),
            param: spec["paramRef"].clone(),
            criteria: Criteria::of_policy(&spec["matchResources"]),
            actions: actions.map(str::to_owned).collect(),
        }
    }
}

impl Compiled {
    fn new(compiler: &Compiler, text: &str, names: Names, gives: Gives) -> Self {
        Compiled {
            text: text.to_owned(),
            program: compiler.compile(text, names, gives),
        }
    }
}

/// A policy that a write concerns, with one set of parameters.
struct Invocation<'a> {
    policy: &'a Policy,
    binding: &'a Binding,
    view: View<'a>,
    param: Option<Arc<Value>>,
}

/// What keeps a policy from being asked at all.
struct Misfit<'a> {
    policy: &'a Policy,
    binding: Option<&'a Binding>,
    why: String,
}

impl Misfit<'_> {
    fn message(&self) -> String {
        match self.binding {
            Some(_) => format!("failed to configure binding: {}", self.why),
            None => format!("failed to configure policy: {}", self.why),
        }
    }
}

/// What a policy has to do with a write: invocations, in the order of names, or why there are none.
fn invocations<'a>(
    policies: &'a [Policy],
    write: &'a Attributes<'a>,
    object: Option<&Value>,
) -> Vec<Result<Invocation<'a>, Misfit<'a>>> {
    let mut all = Vec::new();
    for policy in policies {
        let misfit = |binding, why: String| {
            Err(Misfit {
                policy,
                binding,
                why,
            })
        };
        let resource = match policy.criteria.find_for_policy(write, object) {
            Ok(None) => continue,
            Ok(Some(resource)) => resource,
            Err(status) => {
                all.push(misfit(None, status.message));
                continue;
            }
        };
        if let Some(why) = policy.params.misconfigured(write) {
            all.push(misfit(None, why));
            continue;
        }
        for binding in &policy.bindings {
            match binding.criteria.find_for_policy(write, object) {
                Ok(None) => continue,
                Ok(Some(_)) => {}
                Err(status) => {
                    all.push(misfit(Some(binding), status.message));
                    continue;
                }
            }
            match policy.params.collect(&binding.param, write, object) {
                Err(why) => all.push(misfit(Some(binding), why)),
                Ok(params) => all.extend(params.into_iter().map(|param| {
                    Ok(Invocation {
                        policy,
                        binding,
                        view: View::new(write, resource.clone()),
                        param,
                    })
                })),
            }
        }
    }
    all
}

/// The namespace of a write, as expressions see it.
fn namespace_of(write: &Attributes<'_>) -> Result<Option<Arc<Value>>, Status> {
    if write.namespace.is_empty() || write.is_about("", "Namespace") {
        return Ok(None);
    }
    let found = write.lister.get("", "Namespace", "", write.namespace);
    let found = found.ok_or_else(|| Status::not_found("namespaces", "", write.namespace))?;
    Ok(Some(found.value()))
}

/// Whether no policy is asked about a resource.
fn is_excluded(write: &Attributes<'_>) -> bool {
    let kind = write.kind;
    EXCLUDED.contains(&(&kind.group, &kind.plural))
}
