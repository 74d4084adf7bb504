//! Sizes and costs: at least, at most.

/// A size or a cost that is between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl Range {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Range = Range {
        min: 0,
        max: u64::MAX,
    };

    /// Exactly this.
    pub(crate) const fn fixed(n: u64) -> Range {
        Range { min: n, max: n }
    }

    pub(super) fn add(self, other: Range) -> Range {
        Range {
            min: self.min.saturating_add(other.min),
            max: self.max.saturating_add(other.max),
        }
    }

    pub(super) fn multiply(self, other: Range) -> Range {
        Range {
            min: self.min.saturating_mul(other.min),
            max: self.max.saturating_mul(other.max),
        }
    }

    /// Multiplied, and rounded up.
    pub(super) fn factor(self, factor: f64) -> Range {
        Range {
            min: factored(self.min, factor),
            max: factored(self.max, factor),
        }
    }

    pub(super) fn union(self, other: Range) -> Range {
        Range {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "upstream reckons in floating point; a cast saturates"
)]
pub(super) fn factored(n: u64, factor: f64) -> u64 {
    (n as f64 * factor).ceil() as u64
}

/// The quotient, rounded up.
pub(super) fn quotient(n: u64, by: u64) -> u64 {
    if by == 0 { u64::MAX } else { n.div_ceil(by) }
}
