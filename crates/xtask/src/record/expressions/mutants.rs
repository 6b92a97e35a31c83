//! Templates with small damages, for the words and places of parse errors.

use std::collections::BTreeMap;

use crate::random::{Random, Seed};

/// How many damaged templates there are.
const COUNT: usize = 2000;

/// What is put in; the marks of the language are more telling than letters.
const PIECES: [&str; 40] = [
    "{{", "}}", "{{-", "-}}", "{{/*", "*/}}", "(", ")", "|", ".", "$", "\"", "`", "'", ":=", "=", ",", " ",
    "\n", "-", "+", "0", "1", "9", "_", "x", "é", "\\", "/", "%", "nil", "true", "if", "else", "end",
    "range", "with", "define", "break", "$x",
];

/// Damaged copies of the templates that were written by hand.
pub(super) fn of(written: &BTreeMap<String, Vec<String>>, seed: Seed) -> Vec<String> {
    let templates: Vec<&String> = written.values().flatten().collect();
    damaged(&templates, seed.random("mutants"), COUNT)
}

/// Damaged copies of these templates, others for each seed.
pub(super) fn anew(templates: &[String], seed: Seed, count: usize) -> Vec<String> {
    damaged(&templates.iter().collect::<Vec<_>>(), seed.random("mutants anew"), count)
}

fn damaged(templates: &[&String], mut random: Random, count: usize) -> Vec<String> {
    let mut mutants = Vec::new();
    while mutants.len() < count {
        let Some(template) = random.pick(templates) else { break };
        let mut letters: Vec<char> = template.chars().collect();
        for _ in 0..=random.below(2) {
            damage(&mut letters, &mut random);
        }
        mutants.push(letters.into_iter().collect());
    }
    mutants
}

/// Takes away, doubles, puts in or swaps something, or cuts the rest off.
pub(super) fn damage(letters: &mut Vec<char>, random: &mut Random) {
    let place = random.below(letters.len());
    match random.below(8) {
        0 | 1 if !letters.is_empty() => {
            letters.remove(place);
        }
        2 => {
            if let Some(letter) = letters.get(place).copied() {
                letters.insert(place, letter);
            }
        }
        3 if place + 1 < letters.len() => letters.swap(place, place + 1),
        4 => letters.truncate(place),
        _ => {
            let piece = random.pick(&PIECES).copied().unwrap_or_default();
            letters.splice(place..place, piece.chars());
        }
    }
}
