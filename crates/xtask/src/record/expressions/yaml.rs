//! YAML texts: whole ones from `yaml.txt`, scalars in every place, and damaged copies.

use super::mutants::damage;
use crate::random::Seed;

/// How many damaged texts there are.
const COUNT: usize = 1500;

/// The lines between two texts of `yaml.txt`.
const SEPARATOR: &str = "\n=====\n";

/// Plain scalars that mean something, or nearly.
const SCALARS: &str = include_str!("scalars.txt");

/// All texts.
pub(super) fn texts(seed: Seed) -> Vec<String> {
    let whole: Vec<String> =
        include_str!("yaml.txt").split(SEPARATOR).map(|text| text.replace('␤', "\r")).collect();
    let mut texts = whole.clone();
    for scalar in SCALARS.lines() {
        texts.push(format!("a: {scalar}"));
        texts.push(format!("{scalar}: a"));
        texts.push(format!("[{scalar}]"));
        texts.push(format!("'{}'", scalar.replace('\'', "''")));
    }
    let mut random = seed.random("yaml");
    for _ in 0..COUNT {
        let Some(text) = random.pick(&whole) else { break };
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..=random.below(2) {
            damage(&mut letters, &mut random);
        }
        texts.push(letters.into_iter().collect());
    }
    texts
}
