//! Numbers of schemas, compared exactly: `0.3` is a multiple of `0.1`.

use std::cmp::Ordering;

use pintle_value::Data;

/// `mantissa · 10^exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    mantissa: i128,
    exponent: i32,
    /// The nearest float, for what does not fit and for messages.
    float: f64,
}

impl Decimal {
    pub(super) fn of(data: &Data) -> Option<Self> {
        let (text, float) = match data {
            #[expect(clippy::cast_precision_loss, reason = "only the exact parts decide")]
            Data::Int(value) => (value.to_string(), *value as f64),
            Data::Float(value) if value.is_finite() => (format!("{value:e}"), *value),
            _ => return None,
        };
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Self { mantissa, exponent, float })
    }

    pub(super) const fn float(self) -> f64 {
        self.float
    }

    /// Both mantissas at one exponent, where they fit.
    fn aligned(self, other: Self) -> Option<(i128, i128)> {
        let low = self.exponent.min(other.exponent);
        let scale = |number: Self| {
            let power = u32::try_from(number.exponent - low).ok()?;
            number.mantissa.checked_mul(10_i128.checked_pow(power)?)
        };
        Some((scale(self)?, scale(other)?))
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b)) => a.cmp(&b),
            None => self.float.total_cmp(&other.float),
        }
    }

    pub(super) fn is_multiple_of(self, other: Self) -> bool {
        match self.aligned(other) {
            Some((_, 0)) => false,
            Some((a, b)) => a % b == 0,
            None => (self.float / other.float).fract() == 0.0,
        }
    }

    pub(super) fn is_integer(self) -> bool {
        self.float.fract() == 0.0
    }

    /// The number as a count.
    pub(super) fn count(self) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a whole count"
        )]
        (self.is_integer() && self.float >= 0.0 && self.float < 9e15).then_some(self.float as usize)
    }
}
