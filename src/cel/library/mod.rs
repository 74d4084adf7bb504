//! The functions: the language's own, cel-go's extensions, and the libraries of Kubernetes.

mod arithmetic;
pub(crate) mod authz;
mod conversions;
pub(crate) mod equality;
pub(crate) mod formatting;
pub(crate) mod lists;
pub(crate) mod named_formats;
mod network;
mod optionals;
mod quantities;
pub(crate) mod regexes;
mod sets;
mod strings;
pub(crate) mod times;
mod urls;

use super::value::CelValue;

/// The most that one call may build, in bytes or items.
pub(crate) const MAX_RESULT: usize = 16 << 20;

/// Why a function gives no value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It is not made for such arguments.
    NoOverload,
    /// Nor is this value made to take part.
    NoSuchOverload,
    Message(String),
    /// It would cost too much.
    Limit,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure::Message(message.into())
    }

    /// The error of a call of this function.
    pub(crate) fn message(self, function: &str) -> String {
        match self {
            Failure::NoOverload => format!("no such overload: {function}"),
            Failure::NoSuchOverload => "no such overload".to_owned(),
            Failure::Message(message) => message,
            Failure::Limit => "operation cancelled: actual cost limit exceeded".to_owned(),
        }
    }
}

pub(crate) type Answer = Result<CelValue, Failure>;

/// What a function does with its arguments, the target first.
pub(crate) type Function = fn(&[CelValue]) -> Answer;

/// The implementation of a function.
pub(crate) fn find(name: &str) -> Option<Function> {
    arithmetic::find(name)
        .or_else(|| conversions::find(name))
        .or_else(|| strings::find(name))
        .or_else(|| lists::find(name))
        .or_else(|| sets::find(name))
        .or_else(|| optionals::find(name))
        .or_else(|| times::find(name))
        .or_else(|| regexes::find(name))
        .or_else(|| network::find(name))
        .or_else(|| urls::find(name))
        .or_else(|| quantities::find(name))
        .or_else(|| named_formats::find(name))
        .or_else(|| authz::find(name))
}
