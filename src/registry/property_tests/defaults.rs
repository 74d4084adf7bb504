//! Defaults: who fills them in twice fills them in once.

use proptest::prelude::*;

use crate::codec::json::Node;
use crate::kinds::samples::objects::{check_every_kind, filled, sent};
use crate::registry::set_defaults;
use crate::schema::decode;

#[test]
fn defaults_that_are_set_twice_are_set_once() {
    for build in [sent, filled] {
        check_every_kind(4, |kind, [choices]| {
            let object = Node::from_value(&build(kind, choices));
            let mut once = decode(object, &kind.schema).unwrap().value;
            set_defaults(kind, &mut once);
            let mut twice = once.clone();
            set_defaults(kind, &mut twice);
            prop_assert_eq!(twice, once);
            Ok(())
        });
    }
}
