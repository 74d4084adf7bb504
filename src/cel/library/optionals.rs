//! Optional values.

use super::{Answer, Failure, Function};
use crate::cel::value::{CelValue, time};

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "optional.of" => |args| one(args, |value| Ok(CelValue::some(value.clone()))),
        "optional.ofNonZeroValue" => |args| {
            one(args, |value| {
                Ok(if is_zero(value) {
                    CelValue::none()
                } else {
                    CelValue::some(value.clone())
                })
            })
        },
        "optional.none" => |_| Ok(CelValue::none()),
        "value" => |args| match args {
            [CelValue::Optional(Some(value))] => Ok((**value).clone()),
            [CelValue::Optional(None)] => Err(Failure::new("optional.none() dereference")),
            _ => Err(Failure::NoOverload),
        },
        "hasValue" => |args| match args {
            [CelValue::Optional(value)] => Ok(CelValue::Bool(value.is_some())),
            _ => Err(Failure::NoOverload),
        },
        "first" => |args| end(args, |items| items.first()),
        "last" => |args| end(args, |items| items.last()),
        "optional.unwrap" | "unwrapOpt" => unwrap,
        _ => return None,
    })
}

fn one(args: &[CelValue], function: fn(&CelValue) -> Answer) -> Answer {
    match args {
        [value] => function(value),
        _ => Err(Failure::NoOverload),
    }
}

fn end(args: &[CelValue], pick: fn(&[CelValue]) -> Option<&CelValue>) -> Answer {
    match args {
        [CelValue::List(list)] => Ok(match pick(&list.items) {
            Some(item) => CelValue::some(item.clone()),
            None => CelValue::none(),
        }),
        _ => Err(Failure::NoOverload),
    }
}

fn unwrap(args: &[CelValue]) -> Answer {
    let [CelValue::List(list)] = args else {
        return Err(Failure::NoOverload);
    };
    let mut items = Vec::new();
    for item in &list.items {
        match item {
            CelValue::Optional(value) => items.extend(value.iter().map(|value| (**value).clone())),
            other => {
                let shown = crate::cel::value::convert::show(other);
                return Err(Failure::new(format!("value {shown} is not optional")));
            }
        }
    }
    Ok(CelValue::list(items))
}

fn is_zero(value: &CelValue) -> bool {
    match value {
        CelValue::Null => true,
        CelValue::Bool(b) => !b,
        CelValue::Int(i) => *i == 0,
        CelValue::Uint(u) => *u == 0,
        CelValue::Double(d) => *d == 0.0,
        CelValue::Duration(d) => *d == 0,
        CelValue::Timestamp(t) => time::is_first(*t),
        CelValue::String(_) | CelValue::Bytes(_) | CelValue::List(_) | CelValue::Map(_) => {
            value.size() == Some(0)
        }
        CelValue::Object(object) => object.fields.is_empty(),
        CelValue::Optional(inner) => inner.as_ref().is_none_or(|inner| is_zero(inner)),
        _ => false,
    }
}
