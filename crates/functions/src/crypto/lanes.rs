//! Eight numbers tried at once, one in each lane of a vector of 512 bits: six times as fast as one after the other, on
//! processors that multiply 52 bits in each lane (AVX-512 IFMA: Ice Lake, Zen 4 and newer).
//!
//! Each lane does what [`super::montgomery`] does, but for three things. A limb has 52 bits. R is at least sixteen times
//! the modulus, so that a number stays below four times the modulus without a comparison (C. D. Walter, "Montgomery
//! exponentiation needs no final subtractions", 1999). And four columns are summed up together, so that what is loaded
//! once is multiplied four times.

use std::arch::x86_64::__m512i;

use archmage::{SimdToken as _, X64V4xToken, arcane, rite};

use super::montgomery::Modulus;

/// How many numbers are tried at once.
pub(super) const LANES: usize = 8;

const LIMB_BITS: u32 = 52;
const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// How many columns are summed up together. All numbers have a multiple of so many limbs.
const BLOCK: usize = 4;

/// The most limbs that a number has: those of 2048 bits.
const MOST_LIMBS: usize = 40;

/// Eight numbers, limb by limb, the lowest first. Blocks that reach beyond the last limb find zeros there.
type Numbers = [[u64; LANES]; MOST_LIMBS + BLOCK - 1];

/// How many limbs hold a number of so many words, sixteen times as large.
const fn limbs(words: usize) -> usize {
    (words * 64 + 4).div_ceil(LIMB_BITS as usize).next_multiple_of(BLOCK)
}

/// The proof that this processor has such vectors.
#[derive(Clone, Copy)]
pub(super) struct Lanes(X64V4xToken);

impl Lanes {
    /// `None` on a processor without.
    pub(super) fn summon() -> Option<Self> {
        X64V4xToken::summon().map(Self)
    }

    /// Whether 2^(n - 1) is 1 modulo each n, as [`Modulus::passes_to_base_two`] says it of one.
    pub(super) fn pass_to_base_two<const N: usize>(self, moduli: &[Modulus<'_, N>; LANES]) -> [bool; LANES] {
        const { assert!(limbs(N) <= MOST_LIMBS, "there are no more limbs") };
        let limbs = limbs(N);
        let ones = moduli.each_ref().map(|modulus| modulus.power_of_two(limbs * LIMB_BITS as usize));
        let ones = spread(&ones.each_ref());
        let eight = Moduli {
            limbs,
            numbers: spread(&moduli.each_ref().map(Modulus::words)),
            inverses: moduli.each_ref().map(Modulus::inverse),
        };
        let mut powers = ones;
        for index in (0..N).rev() {
            // The exponent is one less than the modulus, which is odd.
            let even = u64::from(index == 0);
            let words = moduli.each_ref().map(|modulus| modulus.words().get(index).unwrap_or(&0) & !even);
            square_and_double(self.0, &eight, &mut powers, &words);
        }
        // The last bit of the exponent is 0: nothing was doubled since the last square, which is below twice n.
        let mut others = ones;
        add(&mut others, &eight.numbers);
        let is_one = |lane: usize| {
            let same =
                |numbers: &Numbers| powers.iter().zip(numbers).all(|(a, b)| a.get(lane) == b.get(lane));
            same(&ones) || same(&others)
        };
        std::array::from_fn(is_one)
    }
}

/// What eight numbers are reduced by.
struct Moduli {
    limbs: usize,
    numbers: Numbers,
    /// What times the lowest limb is -1 modulo 2^52, in the lower 52 bits.
    inverses: [u64; LANES],
}

/// Where a square is worked out; its content is of no use to the next.
struct Scratch {
    /// How many times the modulus, shifted by each index, is added to make the lower half zero.
    multiples: [[u64; LANES]; MOST_LIMBS],
    /// The upper half: columns that are not carried yet, each below 2^60.
    columns: [[u64; LANES]; MOST_LIMBS],
}

/// For each bit of the words, from the highest: squares the numbers / R modulo the moduli, and doubles them where it is 1.
#[arcane(import_intrinsics)]
fn square_and_double(token: X64V4xToken, moduli: &Moduli, numbers: &mut Numbers, words: &[u64; LANES]) {
    let mut scratch = Scratch { multiples: [[0; LANES]; MOST_LIMBS], columns: [[0; LANES]; MOST_LIMBS] };
    let mask = _mm512_set1_epi64(LIMB_MASK.cast_signed());
    let mut words = _mm512_loadu_si512(words);
    for _ in 0..u64::BITS {
        square(token, moduli, numbers, &mut scratch);
        // Doubled before the carries go through the limbs.
        let doubled = _mm512_srli_epi64::<63>(words);
        let mut carried = _mm512_setzero_si512();
        for (limb, column) in numbers.iter_mut().zip(&scratch.columns).take(moduli.limbs) {
            let column = _mm512_sllv_epi64(_mm512_loadu_si512(column), doubled);
            let sum = _mm512_add_epi64(column, carried);
            _mm512_storeu_si512(limb, _mm512_and_si512(sum, mask));
            carried = _mm512_srli_epi64::<LIMB_BITS>(sum);
        }
        words = _mm512_slli_epi64::<1>(words);
    }
}

/// number² / R modulo the modulus, into the columns.
#[rite(import_intrinsics)]
#[expect(clippy::indexing_slicing, reason = "each is below the count of limbs, or in the block behind them")]
fn square(token: X64V4xToken, moduli: &Moduli, number: &Numbers, scratch: &mut Scratch) {
    let Scratch { multiples, columns } = scratch;
    let Moduli { limbs, numbers: modulus, inverses } = moduli;
    let inverses = _mm512_loadu_si512(inverses);
    let zero = _mm512_setzero_si512();
    let (mut sum, mut above) = (zero, zero);
    for column in (0..2 * limbs).step_by(BLOCK) {
        let mut block = Block { low: [zero; BLOCK], high: [zero; BLOCK] };
        let (first, half) = ((column + 1).saturating_sub(*limbs), column / 2);
        // Each product of two different limbs stands for two, so those from the middle on are the same again.
        for (a, others) in number[first..half].iter().zip(blocks(&number[..column - first + BLOCK])) {
            block = multiplied(token, block, a, others);
        }
        block = middle(token, block, &number[half..half + BLOCK]);
        let others = blocks(&modulus[..column - first + BLOCK]);
        for (a, others) in multiples[first..column.min(*limbs)].iter().zip(others) {
            block = multiplied(token, block, a, others);
        }
        for index in 0..BLOCK {
            sum = _mm512_add_epi64(_mm512_add_epi64(sum, above), block.low[index]);
            above = block.high[index];
            if column >= *limbs {
                _mm512_storeu_si512(&mut columns[column - limbs + index], sum);
                sum = zero;
                continue;
            }
            let multiple = _mm512_madd52lo_epu64(zero, sum, inverses);
            _mm512_storeu_si512(&mut multiples[column + index], multiple);
            let lowest = _mm512_loadu_si512(&modulus[0]);
            sum = _mm512_madd52lo_epu64(sum, multiple, lowest);
            above = _mm512_madd52hi_epu64(above, multiple, lowest);
            sum = _mm512_srli_epi64::<LIMB_BITS>(sum);
            for later in index + 1..BLOCK {
                let limb = _mm512_loadu_si512(&modulus[later - index]);
                block.low[later] = _mm512_madd52lo_epu64(block.low[later], multiple, limb);
                block.high[later] = _mm512_madd52hi_epu64(block.high[later], multiple, limb);
            }
        }
    }
}

/// The sums of four columns: of the lower halves of products, and of the higher ones, which belong to the next column.
struct Block {
    low: [__m512i; BLOCK],
    high: [__m512i; BLOCK],
}

/// Adds the products of one limb and four others.
#[rite(import_intrinsics)]
fn multiplied(
    _token: X64V4xToken,
    mut block: Block,
    a: &[u64; LANES],
    others: &[[u64; LANES]; BLOCK],
) -> Block {
    let a = _mm512_loadu_si512(a);
    for ((low, high), b) in block.low.iter_mut().zip(&mut block.high).zip(others) {
        let b = _mm512_loadu_si512(b);
        *low = _mm512_madd52lo_epu64(*low, a, b);
        *high = _mm512_madd52hi_epu64(*high, a, b);
    }
    block
}

/// The block of a square, of which all products are added but those of the four limbs from the middle on: adds what these
/// have in its columns, and doubles all but the squares.
#[rite(import_intrinsics)]
#[expect(clippy::indexing_slicing, reason = "a block has four columns")]
fn middle(_token: X64V4xToken, mut block: Block, limbs: &[[u64; LANES]]) -> Block {
    let [a, b, c, d] = std::array::from_fn(|index| _mm512_loadu_si512(&limbs[index]));
    let mut add = |column: usize, a, b| {
        block.low[column] = _mm512_madd52lo_epu64(block.low[column], a, b);
        block.high[column] = _mm512_madd52hi_epu64(block.high[column], a, b);
    };
    add(1, a, b);
    add(2, a, c);
    add(3, a, d);
    add(3, b, c);
    block.low = block.low.map(|sum| _mm512_add_epi64(sum, sum));
    block.high = block.high.map(|sum| _mm512_add_epi64(sum, sum));
    block.low[0] = _mm512_madd52lo_epu64(block.low[0], a, a);
    block.high[0] = _mm512_madd52hi_epu64(block.high[0], a, a);
    block.low[2] = _mm512_madd52lo_epu64(block.low[2], b, b);
    block.high[2] = _mm512_madd52hi_epu64(block.high[2], b, b);
    block
}

/// The four limbs that end with each, from the last.
fn blocks(limbs: &[[u64; LANES]]) -> impl Iterator<Item = &[[u64; LANES]; BLOCK]> {
    limbs.windows(BLOCK).rev().filter_map(|block| block.first_chunk())
}

/// The limbs of eight numbers, each in its lane.
fn spread<const N: usize>(numbers: &[&[u64; N]; LANES]) -> Numbers {
    let mut spread = [[0; LANES]; MOST_LIMBS + BLOCK - 1];
    for (index, limb) in spread.iter_mut().enumerate() {
        *limb = numbers.map(|words| bits(words, index * LIMB_BITS as usize) & LIMB_MASK);
    }
    spread
}

/// The 64 bits from this one on.
fn bits(words: &[u64], from: usize) -> u64 {
    let word = |index| words.get(index).copied().unwrap_or(0);
    let (index, shift) = (from / 64, from % 64);
    let above = if shift == 0 { 0 } else { word(index + 1) << (64 - shift) };
    word(index) >> shift | above
}

/// Adds eight numbers to eight others.
fn add(numbers: &mut Numbers, others: &Numbers) {
    let mut carried = [0; LANES];
    for (limbs, others) in numbers.iter_mut().zip(others) {
        for ((limb, other), carried) in limbs.iter_mut().zip(others).zip(&mut carried) {
            let sum = *limb + other + *carried;
            (*limb, *carried) = (sum & LIMB_MASK, sum >> LIMB_BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tries numbers in the lanes, and one by one.
    fn judged<const N: usize>(numbers: &[[u64; N]; LANES]) -> Option<([bool; LANES], [bool; LANES])> {
        let Some(lanes) = Lanes::summon() else {
            eprintln!("skipped: this processor has no vectors that multiply 52 bits in each lane");
            return None;
        };
        let moduli: Vec<_> = numbers.iter().map(|number| Modulus::new(number).unwrap()).collect();
        let moduli = moduli.first_chunk().unwrap();
        Some((lanes.pass_to_base_two(moduli), moduli.each_ref().map(Modulus::passes_to_base_two)))
    }

    /// Odd numbers with all their bits.
    fn candidates<const N: usize>(numbers: [[u64; N]; LANES]) -> [[u64; N]; LANES] {
        numbers.map(|mut number| {
            number[0] |= 1;
            number[N - 1] |= 1 << 63;
            number
        })
    }

    proptest! {
        #[test]
        fn short_numbers_are_judged_as_one_by_one(
            numbers in prop::array::uniform8(prop::array::uniform2(any::<u64>())), // one in 44 of them is prime
        ) {
            if let Some((lanes, one_by_one)) = judged(&candidates(numbers)) {
                prop_assert_eq!(lanes, one_by_one);
            }
        }
    }

    proptest! {
        // A thousand squares each, without optimisation.
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn long_numbers_are_judged_as_one_by_one(
            numbers in prop::array::uniform8(prop::array::uniform16(any::<u64>())),
            lane in 0..LANES,
        ) {
            // A prime between other numbers: each lane minds its own.
            let mut numbers = candidates(numbers);
            numbers[lane] = near_the_most(105);
            if let Some((lanes, one_by_one)) = judged(&numbers) {
                prop_assert!(lanes[lane]);
                prop_assert_eq!(lanes, one_by_one);
            }
        }
    }

    /// 2^(64 N) less this.
    fn near_the_most<const N: usize>(less: u64) -> [u64; N] {
        let mut number = [u64::MAX; N];
        number[0] -= less - 1;
        number
    }

    /// 2^(64 N - 1) and this.
    fn near_the_least<const N: usize>(more: u64) -> [u64; N] {
        let mut number = [0; N];
        number[N - 1] = 1 << 63;
        number[0] |= more;
        number
    }

    /// The largest and the smallest prime of N words, by how far they are from the powers of two, among numbers whose
    /// limbs are all ones or zeros.
    fn ends_are_judged_right<const N: usize>(largest: u64, smallest: u64) {
        let numbers = [
            near_the_most::<N>(largest),
            near_the_most(largest + 2),
            near_the_most(1),
            near_the_least(smallest),
            near_the_least(smallest + 2),
            near_the_least(1),
            [0xAAAA_AAAA_AAAA_AAAB; N],
            near_the_most(1 << 62 | 1),
        ];
        if let Some((lanes, one_by_one)) = judged(&numbers) {
            assert!(lanes[0] && lanes[3], "{N} words: {lanes:?}");
            assert_eq!(lanes, one_by_one, "{N} words");
        }
    }

    #[test]
    fn carries_go_all_the_way() {
        ends_are_judged_right::<1>(59, 29);
        ends_are_judged_right::<8>(569, 111);
        ends_are_judged_right::<16>(105, 1155);
        ends_are_judged_right::<32>(1557, 1919);
    }
}
