//! The expressions of webhooks and policies: what they may name, and what they are to give.

#[cfg(feature = "cel")]
use crate::cel::{Environment, Program, Type, authorizer_type, resource_check_type};

/// What an expression may name beside the object and the request.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(feature = "cel"),
    expect(dead_code, reason = "no expression is compiled")
)]
pub(crate) struct Names {
    pub(crate) params: bool,
    pub(crate) authorizer: bool,
    /// `Object{}` and `JSONPatch{}`.
    pub(crate) patches: bool,
}

/// What an expression is to give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gives {
    Anything,
    Bool,
    Text,
    TextOrNull,
    /// An `Object{}`.
    Configuration,
    /// A list of `JSONPatch{}`.
    Patches,
}

/// Compiles the expressions of one webhook or policy.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    /// Those before, of a policy.
    #[cfg(feature = "cel")]
    variables: Option<Vec<(String, Type)>>,
}

#[cfg(not(feature = "cel"))]
impl Compiler {
    /// For expressions that may name `variables` too.
    pub(crate) fn with_variables() -> Self {
        Compiler::default()
    }

    /// Why an expression does not compile.
    pub(crate) fn check(&self, _text: &str, _names: Names, _gives: Gives) -> Option<String> {
        Some("this fake apiserver compiles no expressions without its feature \"cel\"".to_owned())
    }

    /// The same of a variable.
    pub(crate) fn check_variable(
        &mut self,
        _name: &str,
        text: &str,
        names: Names,
    ) -> Option<String> {
        self.check(text, names, Gives::Anything)
    }
}

#[cfg(feature = "cel")]
impl Compiler {
    /// For expressions that may name `variables` too.
    pub(crate) fn with_variables() -> Self {
        Compiler {
            variables: Some(Vec::new()),
        }
    }

    /// Why an expression does not compile.
    pub(crate) fn check(&self, text: &str, names: Names, gives: Gives) -> Option<String> {
        self.compile(text, names, gives).err()
    }

    /// The same of a variable, which those after it may name.
    pub(crate) fn check_variable(
        &mut self,
        name: &str,
        text: &str,
        names: Names,
    ) -> Option<String> {
        self.compile_variable(name, text, names).err()
    }

    /// An expression, ready to be evaluated; the error is what validation says of it.
    pub(crate) fn compile(
        &self,
        text: &str,
        names: Names,
        gives: Gives,
    ) -> Result<Program, String> {
        let environment = self.environment(names);
        let program = Program::compile(text, &environment).map_err(|error| error.detail())?;
        let wanted = gives.types();
        let output = program.output_type();
        if wanted.is_empty() || wanted.contains(output) {
            return Ok(program);
        }
        let got = show(output);
        Err(match wanted.as_slice() {
            [one] => format!("must evaluate to {} but got {got}", show(one)),
            several => {
                let several: Vec<String> = several.iter().map(show).collect();
                format!(
                    "must evaluate to one of [{}] but got {got}",
                    several.join(" ")
                )
            }
        })
    }

    /// The same of a variable, which those after it may name.
    pub(crate) fn compile_variable(
        &mut self,
        name: &str,
        text: &str,
        names: Names,
    ) -> Result<Program, String> {
        let compiled = self.compile(text, names, Gives::Anything);
        let ty = match &compiled {
            Ok(program) => declared(program.output_type()),
            Err(_) => Type::Dyn,
        };
        self.variables
            .get_or_insert_default()
            .push((name.to_owned(), ty));
        compiled
    }

    fn environment(&self, names: Names) -> Environment {
        let mut environment = Environment::new()
            .variable("object", Type::Dyn)
            .variable("oldObject", Type::Dyn)
            .variable("namespaceObject", namespace_type())
            .variable("request", request_type());
        if names.params {
            environment = environment.variable("params", Type::Dyn);
        }
        if names.authorizer {
            environment = environment
                .variable("authorizer", authorizer_type())
                .variable("authorizer.requestResource", resource_check_type());
        }
        if let Some(variables) = &self.variables {
            let variables = Type::object("kubernetes.variables", variables.iter().cloned());
            environment = environment.variable("variables", variables);
        }
        match names.patches {
            true => environment.mutation(),
            false => environment,
        }
    }
}

#[cfg(feature = "cel")]
impl Gives {
    /// None for any.
    fn types(self) -> Vec<Type> {
        match self {
            Gives::Anything => Vec::new(),
            Gives::Bool => vec![Type::Bool],
            Gives::Text => vec![Type::String],
            Gives::TextOrNull => vec![Type::String, Type::Null],
            Gives::Configuration => vec![Type::open_object("Object")],
            Gives::Patches => vec![Type::list(Type::open_object("JSONPatch"))],
        }
    }
}

/// `Type.String()`.
#[cfg(feature = "cel")]
fn show(ty: &Type) -> String {
    let parameters: Vec<String> = ty.parameters().into_iter().map(show).collect();
    match parameters.is_empty() {
        true => ty.name().to_owned(),
        false => format!("{}({})", ty.name(), parameters.join(", ")),
    }
}

/// `convertCelTypeToDeclType`: what others see of the type of a variable.
#[cfg(feature = "cel")]
pub(super) fn declared(ty: &Type) -> Type {
    match ty {
        Type::List(item) => Type::list(declared(item)),
        Type::Map(key, value) => Type::map(declared(key), declared(value)),
        Type::Object(_) | Type::Opaque(..) | Type::Type(_) | Type::Param(_) | Type::Error => {
            Type::Dyn
        }
        plain => plain.clone(),
    }
}

#[cfg(feature = "cel")]
fn object(name: &str, fields: &[(&str, Type)]) -> Type {
    let fields = fields.iter();
    let fields = fields.map(|(field, ty)| ((*field).to_owned(), ty.clone()));
    Type::object(&format!("kubernetes.{name}"), fields)
}

/// The type of `request`.
#[cfg(feature = "cel")]
pub(super) fn request_type() -> Type {
    let text = Type::String;
    let triple = |name, last| {
        let fields = ["group", "version", last].map(|field| (field, Type::String));
        object(name, &fields)
    };
    let kind = triple("GroupVersionKind", "kind");
    let resource = triple("GroupVersionResource", "resource");
    let texts = Type::list(Type::String);
    let user = object(
        "UserInfo",
        &[
            ("username", text.clone()),
            ("uid", text.clone()),
            ("groups", texts.clone()),
            ("extra", Type::map(Type::String, texts)),
        ],
    );
    object(
        "AdmissionRequest",
        &[
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", text.clone()),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", text.clone()),
            ("name", text.clone()),
            ("namespace", text.clone()),
            ("operation", text),
            ("userInfo", user),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    )
}

/// The type of `namespaceObject`.
#[cfg(feature = "cel")]
pub(super) fn namespace_type() -> Type {
    let text = Type::String;
    let texts = Type::list(Type::String);
    let labels = Type::map(Type::String, Type::String);
    let condition = object(
        "NamespaceCondition",
        &[
            ("status", text.clone()),
            ("type", text.clone()),
            ("lastTransitionTime", Type::Timestamp),
            ("message", text.clone()),
            ("reason", text.clone()),
        ],
    );
    let metadata = object(
        "NamespaceMetadata",
        &[
            ("name", text.clone()),
            ("generateName", text.clone()),
            ("namespace", text.clone()),
            ("labels", labels.clone()),
            ("annotations", labels),
            ("UID", text.clone()),
            ("creationTimestamp", Type::Timestamp),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::Timestamp),
            ("generation", Type::Int),
            ("resourceVersion", text.clone()),
            ("finalizers", texts.clone()),
        ],
    );
    let status = [("conditions", Type::list(condition)), ("phase", text)];
    let fields = [
        ("metadata", metadata),
        ("spec", object("NamespaceSpec", &[("finalizers", texts)])),
        ("status", object("NamespaceStatus", &status)),
    ];
    object("Namespace", &fields)
}

#[cfg(all(test, feature = "cel"))]
mod tests {
    use super::*;

    #[test]
    fn an_expression_gives_what_it_is_to_give() {
        let mut compiler = Compiler::with_variables();
        let names = Names::default();
        assert_eq!(compiler.check_variable("n", "1", names), None);
        for (text, gives, why) in [
            ("object.a == 1", Gives::Bool, None),
            ("1", Gives::Bool, Some("must evaluate to bool but got int")),
            (
                "[variables.n]",
                Gives::TextOrNull,
                Some("must evaluate to one of [string null_type] but got list(int)"),
            ),
        ] {
            assert_eq!(compiler.check(text, names, gives).as_deref(), why, "{text}");
        }
        let unknown = compiler.check("params.x", names, Gives::Bool).unwrap();
        assert!(
            unknown.contains("undeclared reference to 'params'"),
            "{unknown}"
        );
    }
}
