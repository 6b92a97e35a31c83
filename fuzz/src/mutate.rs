//! A short run without a fuzzer: seeds, changed by a fixed sequence of chances.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;

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
    let mut chance = Rng::with_seed(seed);
    for _ in 0..runs {
        let mut input = chance.choice(&seeds).cloned().unwrap_or_default();
        for _ in 0..=chance.usize(..4) {
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

fn change(chance: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let at = chance.usize(..=input.len());
    match chance.u8(..7) {
        0 if at < input.len() => {
            input.remove(at);
        }
        1 => {
            let end = (at + chance.usize(..12)).min(input.len());
            input.drain(at..end);
        }
        2 if at < input.len() => input[at] = chance.u8(..),
        3 => {
            let from = chance.usize(..=input.len());
            let end = (from + chance.usize(..40)).min(input.len());
            let copied = input[from..end].to_vec();
            input.splice(at..at, copied);
        }
        4 => {
            let other = chance.choice(seeds).map_or(&[][..], Vec::as_slice);
            let from = chance.usize(..=other.len());
            let end = (from + chance.usize(..80)).min(other.len());
            input.splice(at..at, other[from..end].iter().copied());
        }
        5 => input.insert(at, chance.u8(..)),
        _ => match chance.choice(words) {
            Some(word) => drop(input.splice(at..at, word.bytes())),
            None => input.push(chance.u8(..)),
        },
    }
}
