//! The functions an expression may call, read from the table of their overloads.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::overloads::TABLES;
use super::types::Type;

/// A function and its overloads.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    /// Only known to mutating policies.
    pub(crate) mutation: bool,
    pub(crate) overloads: Vec<Overload>,
}

/// One way to call a function.
#[derive(Debug, PartialEq)]
pub(crate) struct Overload {
    pub(crate) id: String,
    /// Called on a value: `x.f()`.
    pub(crate) member: bool,
    pub(crate) args: Vec<Type>,
    pub(crate) result: Type,
    /// How many type variables its types have.
    pub(crate) variables: usize,
}

static DECLARATIONS: LazyLock<BTreeMap<String, Declaration>> = LazyLock::new(read);

impl Declaration {
    /// The function of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Declaration> {
        DECLARATIONS.get(name)
    }
}

/// The types that lists can be sorted by, as the tables' `{c}` stands for.
const COMPARABLE: &[&str] = &[
    "int",
    "uint",
    "double",
    "bool",
    "duration",
    "timestamp",
    "string",
    "bytes",
];
/// The types that lists can be summed of, as `{s}` stands for.
const SUMMABLE: &[&str] = &["int", "uint", "double", "duration"];
/// The types that `<` compares with themselves, as `{o}` stands for.
const ORDERED: &[&str] = &[
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "timestamp",
    "duration",
];

fn read() -> BTreeMap<String, Declaration> {
    let mut all: BTreeMap<String, Declaration> = BTreeMap::new();
    for line in TABLES.iter().flat_map(|table| table.lines()) {
        for (placeholder, types) in [("{c}", COMPARABLE), ("{s}", SUMMABLE), ("{o}", ORDERED)] {
            if line.contains(placeholder) {
                for ty in types {
                    add(&mut all, &line.replace(placeholder, ty));
                }
            }
        }
        if !line.contains('{') {
            add(&mut all, line);
        }
    }
    all
}

/// `name id global|member|mutation argument … -> result`.
fn add(all: &mut BTreeMap<String, Declaration>, line: &str) {
    let mut words = line.split_whitespace();
    let (Some(name), Some(id), Some(style)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    let mut types: Vec<Type> = words
        .filter(|word| *word != "->")
        .map(|w| ty(w).0)
        .collect();
    let Some(result) = types.pop() else { return };
    let variables = types
        .iter()
        .chain([&result])
        .map(variables)
        .max()
        .unwrap_or(0);
    let declaration = all.entry(name.to_owned()).or_insert_with(|| Declaration {
        name: name.to_owned(),
        mutation: style == "mutation",
        overloads: Vec::new(),
    });
    declaration.overloads.push(Overload {
        id: id.to_owned(),
        member: style == "member",
        args: types,
        result,
        variables,
    });
}

fn variables(ty: &Type) -> usize {
    match ty {
        Type::Param(id) => usize::try_from(*id).unwrap_or(0) + 1,
        other => other
            .parameters()
            .into_iter()
            .map(variables)
            .max()
            .unwrap_or(0),
    }
}

/// Reads a type, and gives what comes after it.
fn ty(text: &str) -> (Type, &str) {
    let end = text.find(['(', ')', ',']).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut inner = Vec::new();
    if rest.starts_with('(') {
        while !rest.is_empty() && !rest.starts_with(')') {
            let (parameter, after) = ty(&rest[1..]);
            inner.push(parameter);
            rest = after;
        }
        rest = rest.strip_prefix(')').unwrap_or(rest);
    }
    let mut inner = inner.into_iter();
    let mut next = || inner.next().unwrap_or(Type::Dyn);
    let ty = match name {
        "A" | "V" => Type::Param(0),
        "B" | "K" => Type::Param(1),
        "dyn" => Type::Dyn,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "list" => Type::list(next()),
        "map" => {
            let key = next();
            Type::map(key, next())
        }
        "optional" => Type::optional(next()),
        "type" => Type::of(next()),
        "ip" => Type::opaque("net.IP"),
        "cidr" => Type::opaque("net.CIDR"),
        "url" => Type::hidden("kubernetes.URL"),
        "quantity" => Type::hidden("kubernetes.Quantity"),
        "semver" => Type::hidden("kubernetes.Semver"),
        "format" => Type::hidden("kubernetes.NamedFormat"),
        "authorizer" => Type::hidden("kubernetes.authorization.Authorizer"),
        "pathcheck" => Type::hidden("kubernetes.authorization.PathCheck"),
        "groupcheck" => Type::hidden("kubernetes.authorization.GroupCheck"),
        "resourcecheck" => Type::hidden("kubernetes.authorization.ResourceCheck"),
        "decision" => Type::hidden("kubernetes.authorization.Decision"),
        _ => Type::Error,
    };
    (ty, rest)
}

/// Whether a call of it costs one and no more.
pub(crate) fn is_nominal(function: &str) -> bool {
    matches!(
        function,
        "serviceAccount"
            | "path"
            | "group"
            | "resource"
            | "subresource"
            | "namespace"
            | "name"
            | "allowed"
            | "reason"
            | "error"
            | "errored"
            | "masked"
            | "prefixLength"
            | "family"
            | "isUnspecified"
            | "isLoopback"
            | "isLinkLocalMulticast"
            | "isLinkLocalUnicast"
            | "isGlobalUnicast"
            | "format.named"
            | "sign"
            | "asInteger"
            | "isInteger"
            | "asApproximateFloat"
            | "isGreaterThan"
            | "isLessThan"
            | "compareTo"
            | "add"
            | "sub"
            | "major"
            | "minor"
            | "patch"
            | "getScheme"
            | "getHostname"
            | "getHost"
            | "getPort"
            | "getEscapedPath"
            | "getQuery"
    )
}
