//! The order go-yaml writes keys in.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::codec::json;

/// The members in go-yaml's order of keys.
///
/// By insertion, because that order is not a total one and the standard sorts may panic on such; the members come
/// nearly sorted.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members = json::sorted(map);
    for i in 1..members.len() {
        let mut at = i;
        while at > 0 && key_order(members[at].0, members[at - 1].0) == Ordering::Less {
            members.swap(at, at - 1);
            at -= 1;
        }
    }
    members
}

/// go-yaml's `keyList.Less`: letters after all else, runs of digits by their value.
fn key_order(a: &str, b: &str) -> Ordering {
    let Some(at) = a
        .char_indices()
        .zip(b.chars())
        .find(|((_, x), y)| x != y)
        .map(|((at, _), _)| at)
    else {
        return a.chars().count().cmp(&b.chars().count());
    };
    let (Some(x), Some(y)) = (a[at..].chars().next(), b[at..].chars().next()) else {
        return Ordering::Equal;
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Behind another digit a zero is part of the number before it, so both numbers get a digit in front.
    let before = a[..at]
        .bytes()
        .rev()
        .take_while(u8::is_ascii_digit)
        .any(|b| b != b'0');
    let start = i64::from((x == '0' || y == '0') && before);
    let (a_number, a_length) = digits(&a[at..], start);
    let (b_number, b_length) = digits(&b[at..], start);
    a_number
        .cmp(&b_number)
        .then(a_length.cmp(&b_length))
        .then(x.cmp(&y))
}

fn digits(text: &str, start: i64) -> (i64, usize) {
    let run = text.bytes().take_while(u8::is_ascii_digit);
    run.fold((start, 0), |(n, count), b| {
        (
            n.wrapping_mul(10).wrapping_add(i64::from(b - b'0')),
            count + 1,
        )
    })
}
