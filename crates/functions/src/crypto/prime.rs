//! Primes for RSA keys.
//!
//! Most of the time that a key takes goes into showing that numbers are not prime. So a window of numbers is sieved first,
//! what is left is tried to the base two, where a multiplication is a doubling, on all cores and eight numbers at a time
//! where the processor has vectors for it; and only what passes is put to the Lucas test of the crate `crypto-primes`,
//! which has the last word.

use std::sync::atomic::{AtomicUsize, Ordering};

use crypto_bigint::{CheckedAdd, Limb, NonZero, Uint};
use crypto_primes::hazmat::{AStarBase, LucasCheck, lucas_test};
use pintle_template::{CallError, helper, on_cores};

#[cfg(target_arch = "x86_64")]
use super::lanes::{LANES, Lanes};
use super::montgomery::Modulus;

/// How many odd numbers a window holds for each bit of them: a window without a prime is rarer than one in a million.
const ODD_NUMBERS_A_BIT: usize = 10;

/// The most threads that look for one prime; each number takes a fraction of a millisecond.
const MOST_THREADS: usize = 8;

/// Two primes of all bits that the type has, the highest two of them set, so that their product has twice as many bits.
/// One less than either is no multiple of the public exponent `exponent`, which must be prime.
///
/// `draw` fills the first number of a window; equal draws lead to equal primes, however many threads look.
/// `going_on` is asked before numbers are tried: its error ends the search.
pub(super) fn find_two<const LIMBS: usize>(
    exponent: u32,
    mut draw: impl FnMut(&mut [u8]),
    mut going_on: impl FnMut() -> Result<(), CallError>,
) -> Result<(Uint<LIMBS>, Uint<LIMBS>), CallError> {
    let fits = |number: &Uint<LIMBS>| number.rem_limb(divisor(u64::from(exponent))) != Limb::ONE;
    loop {
        let mut window = || Window::new(|bytes| draw(bytes));
        let (one, other) = (Places::of(window()), Places::of(window()));
        search(&[&one, &other], &mut going_on)?;
        // One window in a million has no such number, and one number in as many as the exponent says does not fit it.
        if let (Some(one), Some(other)) = (one.found(), other.found())
            && fits(&one)
            && fits(&other)
            && are_prime(&one, &other)
        {
            return Ok((one, other));
        }
    }
}

/// Looks for the first number of each window that passes to the base two. All cores go from one window to the next by
/// themselves.
fn search<const LIMBS: usize>(
    windows: &[&Places<LIMBS>],
    going_on: &mut impl FnMut() -> Result<(), CallError>,
) -> Result<(), CallError> {
    let trial = Trial::best();
    let look = |going_on: &mut dyn FnMut() -> Result<(), CallError>| {
        for window in windows {
            while let Some((first, numbers)) = window.take(trial.at_once()) {
                if let Err(error) = going_on() {
                    for window in windows {
                        window.mark(0); // so that the other threads end
                    }
                    return Err(error);
                }
                if let Some(index) = trial.first_likely(&numbers) {
                    window.mark(first + index);
                }
            }
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A system that gives no thread leaves the work to this one.
            let _ = helper(scope, || look(&mut || Ok(())));
        }
        look(going_on)
    })
}

/// Whether both numbers, which passed to the base two, are prime: no composite number is known that passes both tests
/// (R. Baillie, A. Fiori, S. S. Wagstaff, "Strengthening the Baillie-PSW primality test", 2021).
fn are_prime<const LIMBS: usize>(one: &Uint<LIMBS>, other: &Uint<LIMBS>) -> bool {
    let test = |number: &Uint<LIMBS>| {
        number
            .to_odd()
            .into_option()
            .is_some_and(|number| lucas_test(number, AStarBase, LucasCheck::Bpsw21).is_probably_prime())
    };
    on_cores(&[one, other], 2, |number| test(number)).into_iter().all(|is_prime| is_prime)
}

/// Numbers that may be prime.
struct Window<const LIMBS: usize> {
    start: Uint<LIMBS>,
    /// How much more than the start each of them is.
    more: Vec<u32>,
}

/// Which numbers of a window have no small divisor: how much more than its start, an odd number, each is.
fn left_by_sieve<const LIMBS: usize>(start: &Uint<LIMBS>) -> Vec<u32> {
    // A divisor more costs a division, and saves a part of a trial, which takes the longer the more bits there are.
    let primes = odd_primes(1 << (12 + LIMBS / 16));
    let mut composite = vec![false; ODD_NUMBERS_A_BIT * LIMBS * 64];
    let mut rest = primes.as_slice();
    while let Some(first) = rest.first() {
        // Long divisions are by the product of as many as fit into a word.
        let (mut product, mut count) = (*first, 1);
        while let Some(larger) = rest.get(count).and_then(|prime| product.checked_mul(*prime)) {
            (product, count) = (larger, count + 1);
        }
        let remainder = start.rem_limb(divisor(product)).0;
        let (together, others) = rest.split_at(count);
        for prime in together {
            // The first index at which start + 2 · index is a multiple.
            let missing = (prime - remainder % prime) % prime;
            let index = if missing.is_multiple_of(2) { missing / 2 } else { missing.midpoint(*prime) };
            let (first, step) = (usize::try_from(index), usize::try_from(*prime));
            let (Ok(first), Ok(step)) = (first, step) else { continue };
            for struck in composite.iter_mut().skip(first).step_by(step) {
                *struck = true;
            }
        }
        rest = others;
    }
    (0_u32..).step_by(2).zip(composite).filter(|(_, composite)| !composite).map(|(more, _)| more).collect()
}

/// The odd primes below a limit.
fn odd_primes(limit: usize) -> Vec<u64> {
    let mut composite = vec![false; limit];
    for number in (3..limit).step_by(2).take_while(|number| number * number < limit) {
        if composite.get(number) == Some(&false) {
            for struck in composite.iter_mut().skip(number * number).step_by(2 * number) {
                *struck = true;
            }
        }
    }
    (0_u64..)
        .zip(composite)
        .skip(3)
        .step_by(2)
        .filter(|(_, composite)| !composite)
        .map(|(number, _)| number)
        .collect()
}

fn divisor(number: u64) -> NonZero<Limb> {
    NonZero::new(Limb(number)).unwrap_or(NonZero::<Limb>::ONE)
}

impl<const LIMBS: usize> Window<LIMBS> {
    /// A window that begins with a number drawn at random.
    fn new(mut draw: impl FnMut(&mut [u8])) -> Self {
        let mut words = [0; LIMBS];
        for word in &mut words {
            let mut bytes = [0; 8];
            draw(&mut bytes);
            *word = u64::from_le_bytes(bytes);
        }
        let highest = Uint::from_u64(0b11).shl_vartime(Uint::<LIMBS>::BITS - 2);
        let start = Uint::from_words(words).bitor(&highest).bitor(&Uint::ONE);
        Self { more: left_by_sieve(&start), start }
    }

    /// A number; `None` behind the last, and for one that would have more bits than the type.
    fn get(&self, index: usize) -> Option<Uint<LIMBS>> {
        let more = Uint::from_u32(*self.more.get(index)?);
        self.start.checked_add(&more).into_option()
    }
}

/// A window, and how far threads are with it.
struct Places<const LIMBS: usize> {
    window: Window<LIMBS>,
    /// The first number that nobody tries yet.
    next: AtomicUsize,
    /// The first number found.
    found: AtomicUsize,
}

impl<const LIMBS: usize> Places<LIMBS> {
    fn of(window: Window<LIMBS>) -> Self {
        Self { window, next: AtomicUsize::new(0), found: AtomicUsize::new(usize::MAX) }
    }

    /// The next numbers to try, at most so many, and the index of the first; `None` where none are left, or an earlier one
    /// was found. Whoever works on earlier numbers ends that.
    fn take(&self, many: usize) -> Option<(usize, Vec<Uint<LIMBS>>)> {
        let first = self.next.fetch_add(many, Ordering::Relaxed);
        if first > self.found.load(Ordering::Relaxed) {
            return None;
        }
        let numbers: Vec<_> = (first..).take(many).map_while(|index| self.window.get(index)).collect();
        if numbers.is_empty() { None } else { Some((first, numbers)) }
    }

    /// Notes that a number was found.
    fn mark(&self, index: usize) {
        self.found.fetch_min(index, Ordering::Relaxed);
    }

    /// The first number found.
    fn found(&self) -> Option<Uint<LIMBS>> {
        self.window.get(self.found.load(Ordering::Relaxed))
    }
}

/// How numbers are tried.
#[derive(Clone, Copy)]
enum Trial {
    OneByOne,
    #[cfg(target_arch = "x86_64")]
    Lanes(Lanes),
}

impl Trial {
    /// The fastest that this processor can.
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = Lanes::summon() {
            return Self::Lanes(lanes);
        }
        Self::OneByOne
    }

    /// How many numbers take as long as one.
    fn at_once(self) -> usize {
        match self {
            Self::OneByOne => 1,
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(_) => LANES,
        }
    }

    /// The index of the first number that is likely to be prime, of as many as are tried at once, or fewer.
    fn first_likely<const LIMBS: usize>(self, numbers: &[Uint<LIMBS>]) -> Option<usize> {
        match self {
            Self::OneByOne => numbers.iter().position(|number| {
                Modulus::new(&number.to_words()).is_some_and(|modulus| modulus.passes_to_base_two())
            }),
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(lanes) => {
                let last = numbers.last()?;
                let words: [_; LANES] =
                    std::array::from_fn(|lane| numbers.get(lane).unwrap_or(last).to_words());
                let moduli = words.iter().map(Modulus::new).collect::<Option<Vec<_>>>()?;
                lanes.pass_to_base_two(moduli.first_chunk()?).iter().position(|passes| *passes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crypto_primes::{Flavor, is_prime};

    use super::*;

    /// Bytes that look random enough to a sieve.
    fn draw() -> impl FnMut(&mut [u8]) {
        let mut state = 1_u64;
        move |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 56) as u8;
            }
        }
    }

    #[test]
    fn the_odd_primes_below_thirty() {
        assert_eq!(odd_primes(30), [3, 5, 7, 11, 13, 17, 19, 23, 29]);
    }

    #[test]
    fn what_is_left_has_no_small_divisor() {
        let start = Uint::<2>::from_u128((u128::MAX / 3) | 1);
        let numbers = Window { more: left_by_sieve(&start), start };
        assert!(!numbers.more.is_empty());
        for number in (0..numbers.more.len()).map_while(|index| numbers.get(index)) {
            for prime in odd_primes(1000) {
                assert_ne!(number.rem_limb(divisor(prime)), Limb::ZERO);
            }
        }
    }

    #[test]
    fn primes_have_their_highest_bits_and_pass_the_full_test() {
        let (one, other) = find_two::<8>(65_537, draw(), || Ok(())).unwrap();
        for prime in [one, other] {
            assert_eq!(prime.shr_vartime(510), Uint::from_u64(0b11));
            assert!(is_prime(Flavor::Any, &prime));
        }
        assert_ne!(one, other);
        assert_eq!((one, other), find_two::<8>(65_537, draw(), || Ok(())).unwrap());
    }

    #[test]
    fn a_search_can_be_ended() {
        let mut left = 3;
        let ended = find_two::<16>(65_537, draw(), || {
            left -= 1;
            if left == 0 { Err(CallError::new("enough")) } else { Ok(()) }
        });
        assert!(ended.is_err());
    }

    #[test]
    fn one_by_one_finds_what_is_found_at_once() {
        let start = Uint::<2>::from_u128((u128::MAX / 3 * 2) | 1);
        let window = Window { more: left_by_sieve(&start), start };
        let numbers: Vec<_> = (0..window.more.len()).map_while(|index| window.get(index)).collect();
        let best = Trial::best();
        // Also fewer than are tried at once.
        for many in [best.at_once(), best.at_once().div_ceil(2)] {
            let mut found = 0;
            for numbers in numbers.chunks(many) {
                let first = Trial::OneByOne.first_likely(numbers);
                assert_eq!(best.first_likely(numbers), first);
                found += usize::from(first.is_some());
            }
            assert!(found > 0, "a window has primes");
        }
    }
}
