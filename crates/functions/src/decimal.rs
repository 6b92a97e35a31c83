//! Decimal fractions, as far as Sprig's `addf`, `subf`, `mulf` and `divf` use `shopspring/decimal`.

use num_bigint::{BigInt, Sign};
use pintle_template::CallError;

/// `digits × 10^exponent`.
#[derive(Clone, Debug)]
pub(crate) struct Decimal {
    digits: BigInt,
    exponent: i64,
}

/// Places that a division keeps (`decimal.DivisionPrecision`).
const DIVISION_PRECISION: i64 = 16;

/// Digits that an intermediate result may have. Each argument adds at most 17 of its own, or the distance of the
/// exponents, some 630.
const MAX_EXPONENT: i64 = 100_000;

impl Decimal {
    /// The shortest decimal that reads back as this float (`decimal.NewFromFloat`).
    pub(crate) fn from_float(number: f64) -> Result<Self, CallError> {
        if !number.is_finite() {
            let name = match number {
                f64::INFINITY => "+Inf",
                f64::NEG_INFINITY => "-Inf",
                _ => "NaN",
            };
            return Err(CallError::panic(format!("Cannot create a Decimal from {name}")));
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = mantissa.replace('.', "").parse().unwrap_or_default();
        let exponent = exponent.parse::<i64>().unwrap_or_default();
        Ok(Self { digits, exponent: exponent - i64::try_from(places).unwrap_or_default() })
    }

    /// The nearest float.
    pub(crate) fn to_float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    pub(crate) fn add(self, other: Self) -> Result<Self, CallError> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.scaled_to(exponent)? + other.scaled_to(exponent)?, exponent })
    }

    pub(crate) fn sub(self, other: Self) -> Result<Self, CallError> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.scaled_to(exponent)? - other.scaled_to(exponent)?, exponent })
    }

    #[expect(clippy::unnecessary_wraps, reason = "the operations have one form")]
    pub(crate) fn mul(self, other: Self) -> Result<Self, CallError> {
        Ok(Self { digits: self.digits * other.digits, exponent: self.exponent + other.exponent })
    }

    /// Rounds half away from zero at [`DIVISION_PRECISION`] places (`decimal.DivRound`).
    pub(crate) fn div(self, other: Self) -> Result<Self, CallError> {
        if other.digits.sign() == Sign::NoSign {
            return Err(CallError::panic("decimal division by 0"));
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (self.digits, other.digits * power_of_ten(-shift)?)
        } else {
            (self.digits * power_of_ten(shift)?, other.digits)
        };
        let mut quotient = &dividend / &divisor;
        let remainder = &dividend % &divisor;
        if remainder.magnitude() * 2_u8 >= *divisor.magnitude() {
            let away = if dividend.sign() * divisor.sign() == Sign::Minus { -1 } else { 1 };
            quotient += away;
        }
        Ok(Self { digits: quotient, exponent: -DIVISION_PRECISION })
    }

    fn scaled_to(self, exponent: i64) -> Result<BigInt, CallError> {
        Ok(self.digits * power_of_ten(self.exponent - exponent)?)
    }
}

fn power_of_ten(exponent: i64) -> Result<BigInt, CallError> {
    match u32::try_from(exponent) {
        Ok(power) if exponent <= MAX_EXPONENT => Ok(BigInt::from(10).pow(power)),
        _ => Err(CallError::new(format!("decimal numbers are more than {MAX_EXPONENT} places apart"))),
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn division_rounds_at_sixteen_places() {
        let div =
            |a, b| Decimal::from_float(a).and_then(|a| a.div(Decimal::from_float(b)?)).map(|d| d.to_float());
        assert_eq!(div(1.0, 3.0).ok(), Some(0.333_333_333_333_333_3));
        assert_eq!(div(1e-20, 3.0).ok(), Some(0.0));
        assert!(div(1.0, 0.0).is_err());
    }
}
