//! What a call costs.

use crate::cel::declarations::is_nominal;
use crate::cel::value::CelValue;
use crate::cel::value::opaque::Opaque;

/// What a character read costs.
const STRING_FACTOR: f64 = 0.1;
/// What a character of a regular expression costs.
const REGEX_FACTOR: f64 = 0.25;
/// What a call costs that no more is known of.
const CALL: u64 = 1;
const CHECK: u64 = 350_000;
const LIST: u64 = 10;

/// The cost of a call, by the function and by its overload where there is but one.
pub(super) fn of(
    function: &str,
    overload: Option<&str>,
    args: &[CelValue],
    result: &CelValue,
) -> u64 {
    if let Some(cost) = overload.and_then(|overload| of_lists(overload, args, result)) {
        return cost;
    }
    if let Some(cost) = of_kubernetes(function, overload, args, result) {
        return cost;
    }
    of_standard(overload.unwrap_or_default(), args)
}

fn size(args: &[CelValue], index: usize) -> u64 {
    args.get(index).map_or(0, CelValue::cost_size)
}

/// The product, rounded up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "upstream reckons in floating point; a cast saturates"
)]
pub(crate) fn scaled(size: u64, factor: f64) -> u64 {
    (size as f64 * factor).ceil() as u64
}

fn of_lists(overload: &str, args: &[CelValue], result: &CelValue) -> Option<u64> {
    let allocating = |factor: f64, size: u64| scaled_down(size, factor).saturating_add(CALL + LIST);
    Some(match overload {
        "list_slice" | "lists_range" | "list_reverse" => allocating(1.0, result.cost_size()),
        "list_flatten" => allocating(1.0, size(args, 0)),
        "list_flatten_int" => match args.get(1) {
            Some(CelValue::Int(depth)) => {
                let depth = u32::try_from((*depth).max(0)).unwrap_or(u32::MAX);
                allocating(f64::from(depth), size(args, 0))
            }
            _ => return None,
        },
        "list_sets_contains_list" | "list_sets_intersects_list" => {
            CALL.saturating_add(size(args, 0).saturating_mul(size(args, 1)))
        }
        "list_sets_equivalent_list" => CALL.saturating_add(
            size(args, 0)
                .saturating_mul(size(args, 1))
                .saturating_mul(2),
        ),
        "list_distinct" => self_compare(args.first()?),
        id if id.ends_with("_sort") => self_compare(args.first()?),
        id if id.ends_with("_sortByAssociatedKeys") => self_compare(args.get(1)?),
        _ => return None,
    })
}

fn self_compare(list: &CelValue) -> u64 {
    let CelValue::List(list) = list else {
        return CALL;
    };
    let factor = match list.items.first() {
        Some(CelValue::String(_) | CelValue::Bytes(_)) => 2.0 + STRING_FACTOR,
        _ => 2.0,
    };
    let size = u64::try_from(list.items.len()).unwrap_or(u64::MAX);
    scaled_down(size.saturating_mul(size), factor).saturating_add(CALL + LIST)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "upstream reckons in floating point; a cast saturates"
)]
fn scaled_down(size: u64, factor: f64) -> u64 {
    (size as f64 * factor) as u64
}

fn of_kubernetes(
    function: &str,
    overload: Option<&str>,
    args: &[CelValue],
    result: &CelValue,
) -> Option<u64> {
    let traversal = |factor: f64| scaled(size(args, 0), factor * STRING_FACTOR);
    Some(match function {
        "check" => CHECK,
        "fieldSelector" | "labelSelector" => selector(size(args, 1)),
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            args.first().map_or(0, traverse)
        }
        "url"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "jsonpatch.escapeKey"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver" => traversal(1.0),
        "ip" if overload == Some("cidr_ip") => 1,
        "ip" => traversal(1.0),
        "replace" | "split" | "ip.isCanonical" => traversal(2.0),
        "join" => scaled(result.cost_size(), 2.0 * STRING_FACTOR),
        "find" | "findAll" => regex(size(args, 0), size(args, 1)),
        name if is_nominal(name) => 1,
        "containsIP" | "containsCIDR" => contains(overload.unwrap_or_default(), function, args),
        "validate" => match args.first() {
            Some(CelValue::Opaque(Opaque::Format(format))) => {
                regex(size(args, 1), format.regex_size)
            }
            _ => return None,
        },
        "_==_" => match args.first() {
            Some(CelValue::Opaque(_)) => 1,
            _ => return None,
        },
        _ => return None,
    })
}

fn contains(overload: &str, function: &str, args: &[CelValue]) -> u64 {
    let cidr = size(args, 0);
    let mut cost = scaled(cidr.saturating_mul(2), STRING_FACTOR);
    if function == "containsCIDR" {
        cost += scaled(cidr, STRING_FACTOR) + 1;
    }
    if overload.ends_with("_string") {
        cost += scaled(size(args, 1), STRING_FACTOR);
    }
    cost
}

fn regex(text: u64, pattern: u64) -> u64 {
    let text = scaled(text.saturating_add(1), STRING_FACTOR);
    text.saturating_mul(scaled(pattern, REGEX_FACTOR))
}

fn selector(length: u64) -> u64 {
    let requirements = scaled(length, 0.5);
    LIST + scaled(length, STRING_FACTOR) + scaled(requirements, 50.0)
}

/// What it costs to look at all of a value.
fn traverse(value: &CelValue) -> u64 {
    let bytes = |len: usize| scaled_down(u64::try_from(len).unwrap_or(u64::MAX), STRING_FACTOR);
    match value {
        CelValue::String(s) => bytes(s.len()),
        CelValue::Bytes(b) => bytes(b.len()),
        CelValue::List(list) => list.items.iter().map(traverse).fold(0, u64::saturating_add),
        CelValue::Map(map) => map
            .entries
            .iter()
            .map(|(key, value)| traverse(&key.to_value()).saturating_add(traverse(value)))
            .fold(0, u64::saturating_add),
        _ => 1,
    }
}

fn of_standard(overload: &str, args: &[CelValue]) -> u64 {
    match overload {
        "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string"
        | "strings_quote" | "string_format" => scaled(size(args, 0), STRING_FACTOR),
        "in_list" => size(args, 1),
        "less_string"
        | "greater_string"
        | "less_equals_string"
        | "greater_equals_string"
        | "less_bytes"
        | "greater_bytes"
        | "less_equals_bytes"
        | "greater_equals_bytes"
        | "equals"
        | "not_equals" => scaled(size(args, 0).min(size(args, 1)), STRING_FACTOR),
        "add_string" | "add_bytes" => {
            scaled(size(args, 0).saturating_add(size(args, 1)), STRING_FACTOR)
        }
        "matches_string" => regex(size(args, 0), size(args, 1)),
        "contains_string" => scaled(size(args, 0), STRING_FACTOR)
            .saturating_mul(scaled(size(args, 1), STRING_FACTOR)),
        _ => CALL,
    }
}
