//! Values that decode themselves.

use serde_json::Value;

use crate::codec::json::Node;
use crate::codec::quantity::Quantity;

/// `IntOrString.UnmarshalJSON`, by itself: its errors know no field then.
pub(crate) fn int_or_string(node: &Node) -> Result<Value, String> {
    read_int_or_string(node)
        .map_err(|shown| format!("json: cannot unmarshal {shown} into Go value of type int32"))
}

/// What is no text must be a number; the error is how Go calls what it is.
pub(super) fn read_int_or_string(node: &Node) -> Result<Value, String> {
    match node {
        Node::String(s) => Ok(Value::String(s.clone())),
        Node::Number(n) => match n.parse::<i32>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(format!("number {n}")),
        },
        other => Err(other.go_kind()),
    }
}

/// `Quantity.UnmarshalJSON`: a text or a number in the one way it is written; its errors know no field.
pub(crate) fn quantity(node: &Node) -> Result<Value, String> {
    let other = || other_json(node);
    let text = match node {
        Node::String(text) => text.trim().to_owned(),
        Node::Number(literal) => literal.clone(),
        _ => other(),
    };
    Ok(Quantity::parse(&text)?.as_str().into())
}

/// What is no text, as it was written; no quantity looks like it.
fn other_json(node: &Node) -> String {
    node.clone().into_value().to_string()
}

/// The zero of times is written as if there was none.
pub(super) fn some_time(text: String) -> Value {
    match text.as_str() {
        "" => Value::Null,
        _ => Value::String(text),
    }
}

/// What a `float64` keeps of a number: one that is whole is the same however it was written.
pub(super) fn float(literal: &str) -> Option<Value> {
    let number = literal.parse::<f64>().ok().filter(|n| n.is_finite())?;
    let whole = number.to_string().parse::<i64>();
    Some(whole.map_or_else(|_| number.into(), Value::from))
}
