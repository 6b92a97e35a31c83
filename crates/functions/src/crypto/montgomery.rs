//! Squares modulo an odd number, for the search for primes: nothing secret comes out of it, and what it lets through is
//! put to a test of the crate `crypto-primes`. Of what a key takes nine tenths are spent here.
//!
//! P. L. Montgomery, "Modular multiplication without trial division", 1985; a column at a time, as in Ç. K. Koç,
//! T. Acar, B. S. Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996, FIPS.

/// An odd number whose highest bit is set, by its words, the lowest first.
pub(super) struct Modulus<'a, const N: usize> {
    words: &'a [u64; N],
    /// What times the lowest word is -1 modulo 2^64.
    inverse: u64,
}

impl<'a, const N: usize> Modulus<'a, N> {
    /// `None` for an even number, and one whose highest bit is not set.
    pub(super) fn new(words: &'a [u64; N]) -> Option<Self> {
        let (lowest, highest) = (*words.first()?, *words.last()?);
        if lowest & 1 == 0 || highest >> 63 == 0 {
            return None;
        }
        let mut inverse = lowest; // right modulo 8, and twice as many bits are right each time
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse)));
        }
        Some(Self { words, inverse: inverse.wrapping_neg() })
    }

    pub(super) fn words(&self) -> &'a [u64; N] {
        self.words
    }

    pub(super) fn inverse(&self) -> u64 {
        self.inverse
    }

    /// 2^exponent modulo the modulus, where the exponent is at least 64 N.
    pub(super) fn power_of_two(&self, exponent: usize) -> [u64; N] {
        (64 * N..exponent).fold(self.one(), |power, _| self.double(power))
    }

    /// Whether 2^(n - 1) is 1 modulo this n, as it is for all odd primes (Fermat).
    pub(super) fn passes_to_base_two(&self) -> bool {
        let one = self.one();
        let mut power = one;
        for (index, word) in self.words.iter().enumerate().rev() {
            // The exponent is one less than the modulus, which is odd.
            let word = if index == 0 { word & !1 } else { *word };
            for bit in (0..64).rev() {
                power = self.square(&power);
                if word >> bit & 1 == 1 {
                    power = self.double(power);
                }
            }
        }
        power == one
    }

    /// One in Montgomery's form: 2^(64 N) less the modulus, which is more than half of that.
    fn one(&self) -> [u64; N] {
        self.reduced([0; N], true)
    }

    fn double(&self, mut number: [u64; N]) -> [u64; N] {
        let mut carried = 0;
        for word in &mut number {
            (*word, carried) = (*word << 1 | carried, *word >> 63);
        }
        self.reduced(number, carried != 0)
    }

    /// The number less the modulus, where it is not smaller; `above` says that a bit stands above the words.
    fn reduced(&self, number: [u64; N], above: bool) -> [u64; N] {
        let mut less = number;
        let mut borrowed = false;
        for (word, modulus) in less.iter_mut().zip(self.words) {
            let (difference, first) = word.overflowing_sub(*modulus);
            let (difference, second) = difference.overflowing_sub(u64::from(borrowed));
            (*word, borrowed) = (difference, first || second);
        }
        if above || !borrowed { less } else { number }
    }

    /// number² / 2^(64 N) modulo the modulus.
    fn square(&self, number: &[u64; N]) -> [u64; N] {
        let mut square =
            Square { number, modulus: self.words, inverse: self.inverse, multiples: [0; N], result: [0; N] };
        let mut sum = Sum::default();
        macro_rules! columns {
            ($($column:literal)*) => {$( sum = square.column::<$column>(sum); )*};
        }
        // Written out, so that each column is a run of instructions without a jump: twice as fast as a loop.
        columns!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62);
        const { assert!(0 < N && N <= 32, "there are no more columns") };
        let above = sum.middle != 0;
        if let Some(last) = square.result.last_mut() {
            *last = sum.low;
        }
        self.reduced(square.result, above)
    }
}

/// A square on its way.
struct Square<'a, const N: usize> {
    number: &'a [u64; N],
    modulus: &'a [u64; N],
    inverse: u64,
    /// How many times the modulus, shifted by each index, is added to make the lower half zero.
    multiples: [u64; N],
    result: [u64; N],
}

#[expect(clippy::inline_always, reason = "a call would cost more than what is done")]
impl<const N: usize> Square<'_, N> {
    /// Adds all products of words whose indices add up to this column. The sum is handed on by itself, so that it stays
    /// in registers.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "all indices are constants below N")]
    fn column<const COLUMN: usize>(&mut self, mut sum: Sum) -> Sum {
        if COLUMN > 2 * N - 2 {
            return sum;
        }
        let first = if COLUMN < N { 0 } else { COLUMN + 1 - N };
        let mut twice = Sum::default();
        for index in first..COLUMN.div_ceil(2) {
            twice.add(self.number[index], self.number[COLUMN - index]);
        }
        sum.add_twice(&twice);
        if COLUMN.is_multiple_of(2) {
            sum.add(self.number[COLUMN / 2], self.number[COLUMN / 2]);
        }
        for index in first..if COLUMN < N { COLUMN } else { N } {
            sum.add(self.multiples[index], self.modulus[COLUMN - index]);
        }
        if COLUMN < N {
            let multiple = sum.low.wrapping_mul(self.inverse);
            self.multiples[COLUMN] = multiple;
            sum.add(multiple, self.modulus[0]);
            sum.shift();
        } else {
            self.result[COLUMN - N] = sum.shift();
        }
        sum
    }
}

/// The sum of a column and what the columns below carried: three words hold any.
#[derive(Default)]
struct Sum {
    low: u64,
    middle: u64,
    high: u64,
}

#[expect(clippy::inline_always, reason = "a call would cost more than what is done")]
impl Sum {
    /// Adds a product.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "each half is a word")]
    fn add(&mut self, a: u64, b: u64) {
        let product = u128::from(a) * u128::from(b);
        self.add_words(product as u64, (product >> 64) as u64, 0);
    }

    #[inline(always)]
    fn add_twice(&mut self, other: &Self) {
        let middle = other.middle << 1 | other.low >> 63;
        self.add_words(other.low << 1, middle, other.high << 1 | other.middle >> 63);
    }

    #[inline(always)]
    fn add_words(&mut self, low: u64, middle: u64, high: u64) {
        let (low, carried) = self.low.overflowing_add(low);
        let (middle, first) = self.middle.overflowing_add(middle);
        let (middle, second) = middle.overflowing_add(u64::from(carried));
        // Not a short circuit: this becomes an add with carry.
        let high = self.high.wrapping_add(high).wrapping_add(u64::from(first | second));
        *self = Self { low, middle, high };
    }

    /// Takes the lowest word away: what is left is carried to the next column.
    #[inline(always)]
    fn shift(&mut self) -> u64 {
        let low = self.low;
        *self = Self { low: self.middle, middle: self.high, high: 0 };
        low
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn number(words: &[u64]) -> BigUint {
        BigUint::from_bytes_le(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn squares_are_right(
            mut modulus in prop::array::uniform16(any::<u64>()),
            mut root in prop::array::uniform16(any::<u64>()),
        ) {
            modulus[0] |= 1;
            modulus[15] |= 1 << 63;
            root[15] >>= 1; // below every such modulus
            let square = Modulus::new(&modulus).unwrap().square(&root);
            let expected = number(&root).pow(2) % number(&modulus);
            prop_assert_eq!((number(&square) << 1024_u32) % number(&modulus), expected);
        }

        #[test]
        fn the_test_says_what_the_power_says(word in any::<u64>()) {
            let modulus = [word | 1 | 1 << 63];
            let n = number(&modulus);
            let power = BigUint::from(2_u8).modpow(&(&n - 1_u8), &n);
            prop_assert_eq!(Modulus::new(&modulus).unwrap().passes_to_base_two(), power == BigUint::from(1_u8));
        }
    }

    #[test]
    fn carries_go_all_the_way() {
        let modulus = [u64::MAX; 32];
        let mut root = modulus;
        root[0] -= 1;
        let square = Modulus::new(&modulus).unwrap().square(&root); // of -1
        assert_eq!((number(&square) << 2048_u32) % number(&modulus), BigUint::from(1_u8));
    }

    #[test]
    fn a_prime_passes_and_a_product_does_not() {
        assert!(Modulus::new(&[u64::MAX - 58]).unwrap().passes_to_base_two()); // 2^64 - 59
        assert!(!Modulus::new(&[u64::MAX]).unwrap().passes_to_base_two());
        assert!(Modulus::new(&[6]).is_none());
        assert!(Modulus::new(&[7]).is_none());
    }
}
