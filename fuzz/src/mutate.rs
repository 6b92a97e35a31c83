//! A short run without a fuzzer: seeds, changed by a fixed sequence of chances.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Target;

/// Runs the target on all of its seeds and then `runs` times on changed ones.
///
/// # Errors
///
/// The input that made it panic, in a form that can be pasted into a program; the panic's message went to standard
/// error.
pub fn mutate(target: &Target, seed: u64, runs: usize) -> Result<(), String> {
    let mut seeds = (target.seeds)();
    seeds.push(Vec::new());
    for seed in &seeds {
        attempt(target, seed)?;
    }
    let mut chance = Chance(seed.wrapping_mul(2).wrapping_add(1));
    for _ in 0..runs {
        let mut input = chance.pick(&seeds).clone();
        for _ in 0..=chance.below(4) {
            change(&mut chance, &mut input, &seeds, target.words);
        }
        input.truncate(target.max_len);
        attempt(target, &input)?;
    }
    Ok(())
}

fn attempt(target: &Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input)))
        .map_err(|_| format!("the fuzz target {} panics on b\"{}\"", target.name, input.escape_ascii()))
}

fn change(chance: &mut Chance, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let at = chance.below(input.len() + 1);
    match chance.below(7) {
        0 if at < input.len() => {
            input.remove(at);
        }
        1 => {
            let end = (at + chance.below(12)).min(input.len());
            input.drain(at..end);
        }
        2 if at < input.len() => input[at] = chance.byte(),
        3 => {
            let from = chance.below(input.len() + 1);
            let end = (from + chance.below(40)).min(input.len());
            let copied = input[from..end].to_vec();
            input.splice(at..at, copied);
        }
        4 => {
            let other = chance.pick(seeds);
            let from = chance.below(other.len() + 1);
            let end = (from + chance.below(80)).min(other.len());
            input.splice(at..at, other[from..end].iter().copied());
        }
        5 => input.insert(at, chance.byte()),
        _ if words.is_empty() => input.push(chance.byte()),
        _ => {
            input.splice(at..at, chance.pick(words).bytes());
        }
    }
}

/// A small generator of random numbers (xorshift64*): a run can be repeated.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 16) % bound.max(1) as u64).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
