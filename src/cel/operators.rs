//! The names that operators have as functions.

pub(crate) const ADD: &str = "_+_";
pub(crate) const CONDITIONAL: &str = "_?_:_";
pub(crate) const EQUALS: &str = "_==_";
pub(crate) const NOT_EQUALS: &str = "_!=_";
pub(crate) const INDEX: &str = "_[_]";
pub(crate) const LOGICAL_AND: &str = "_&&_";
pub(crate) const LOGICAL_NOT: &str = "!_";
pub(crate) const LOGICAL_OR: &str = "_||_";
pub(crate) const NOT_STRICTLY_FALSE: &str = "@not_strictly_false";
pub(crate) const OPTIONAL_INDEX: &str = "_[?_]";
pub(crate) const OPTIONAL_SELECT: &str = "_?._";
/// What the loops that make maps add with.
pub(crate) const MAP_INSERT: &str = "cel.@mapInsert";
/// The variable that a loop folds into.
pub(crate) const ACCUMULATOR: &str = "@result";
