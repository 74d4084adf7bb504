//! The kinds that definitions add to the catalog: it is made anew whenever one of them changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use serde_json::Value;

use crate::kinds::family::Rules;
use crate::kinds::{Catalog, KindRef, custom};
use crate::object::{Object, is_terminating, meta_str};
use crate::registry::customresourcedefinitions::{accepted_names, is_established};

/// All kinds of a server, the custom ones as they are defined now.
pub(crate) struct Kinds {
    catalog: RwLock<Arc<Catalog>>,
    /// What was made of each definition, by its name.
    made: Mutex<BTreeMap<String, Made>>,
}

/// The kinds of a definition, and what of it they were made of.
struct Made {
    /// As it was when it was last looked at.
    definition: Arc<Object>,
    of: Source,
    kinds: Vec<KindRef>,
}

/// What the kinds of a definition depend on. The generation stands for all of its spec.
#[derive(PartialEq)]
struct Source {
    uid: String,
    generation: Value,
    names: Value,
    is_established: bool,
    is_terminating: bool,
}

impl Source {
    fn of(definition: &Value) -> Source {
        Source {
            uid: meta_str(definition, "uid").to_owned(),
            generation: definition["metadata"]["generation"].clone(),
            names: accepted_names(definition).clone(),
            is_established: is_established(definition),
            is_terminating: is_terminating(definition),
        }
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds {
            catalog: RwLock::new(Catalog::built_in()),
            made: Mutex::default(),
        }
    }
}

impl Kinds {
    /// All kinds there are now.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.read().clone()
    }

    /// Makes the catalog anew from the definitions there are. `all` tells which: one at a time asks, so that the newest
    /// state is the last to be seen.
    pub(crate) fn redefine(&self, all: impl FnOnce() -> Vec<Arc<Object>>) {
        let mut made = self.made.lock();
        let definitions = all();
        if definitions.is_empty() && made.is_empty() {
            return;
        }
        let mut before = std::mem::take(&mut *made);
        for definition in definitions {
            let name = definition.name().to_owned();
            let known = match before.remove(&name) {
                Some(known) if Arc::ptr_eq(&known.definition, &definition) => known,
                known => Made::anew(known, definition),
            };
            made.insert(name, known);
        }
        let kinds = made.values().flat_map(|made| made.kinds.iter().cloned());
        *self.catalog.write() = Arc::new(Catalog::with_custom(kinds));
    }
}

impl Made {
    /// With the kinds that are known already, if what they depend on has not changed.
    fn anew(known: Option<Made>, definition: Arc<Object>) -> Made {
        let value = definition.value();
        let of = Source::of(&value);
        let kinds = match known.filter(|known| known.of == of) {
            Some(known) => known.kinds,
            None if of.is_established => {
                let key = definition.kind.key("", definition.name());
                custom::kinds(&value, key, &compile)
            }
            None => Vec::new(),
        };
        drop(value);
        Made {
            definition,
            of,
            kinds,
        }
    }
}

/// The rules of a schema, ready to be checked.
#[cfg(feature = "cel")]
fn compile(schema: &Value) -> Option<Arc<dyn Rules>> {
    let validator = crate::cel::rules::Validator::new(schema)?;
    Some(Arc::new(validator))
}

/// A build without the feature refuses definitions with rules.
#[cfg(not(feature = "cel"))]
fn compile(_schema: &Value) -> Option<Arc<dyn Rules>> {
    None
}
