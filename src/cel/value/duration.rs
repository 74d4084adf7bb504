//! Durations as they are written.

use super::numbers::int_to_double;

/// Writes a duration in seconds: `90s`.
pub(crate) fn show(nanos: i64) -> String {
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let seconds = int_to_double(seconds) + int_to_double(rest) / 1e9;
    format!("{seconds}s")
}
