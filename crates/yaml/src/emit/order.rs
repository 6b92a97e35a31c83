//! The order of keys: numbers inside them by value, what is no letter before letters.

use std::cmp::Ordering;

use pintle_value::{is_digit, is_letter};

use crate::Flavour;

/// Sorts by keys as go-yaml does.
///
/// go-yaml's rule is no order (`a12` < `a1b` < `a2` < `a12` in v2), so the standard library's sort, which may panic
/// then, is not used; where the rule is one, all ways of sorting agree.
pub(super) fn sort<T>(items: &mut Vec<T>, key: impl Fn(&T) -> &str, flavour: Flavour) {
    let less = |a: &T, b: &T| is_less(key(a), key(b), flavour);
    if items.windows(2).all(|pair| matches!(pair, [a, b] if less(a, b))) {
        return;
    }
    // Merge sort from the bottom up, of short runs that are sorted by insertion.
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut rest = std::mem::take(items).into_iter();
    loop {
        let mut run: Vec<T> = rest.by_ref().take(16).collect();
        if run.is_empty() {
            break;
        }
        for end in 1..run.len() {
            let mut at = end;
            while let (Some(item), Some(before)) = (run.get(at), at.checked_sub(1).and_then(|at| run.get(at)))
                && less(item, before)
            {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
        runs.push(run);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(first) = pairs.next() {
            merged.push(match pairs.next() {
                Some(second) => merge(first, second, &less),
                None => first,
            });
        }
        runs = merged;
    }
    if let Some(sorted) = runs.pop() {
        *items = sorted;
    }
}

fn merge<T>(first: Vec<T>, second: Vec<T>, less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let mut first = first.into_iter().peekable();
    let mut second = second.into_iter().peekable();
    while let (Some(a), Some(b)) = (first.peek(), second.peek()) {
        merged.extend(if less(b, a) { second.next() } else { first.next() });
    }
    merged.extend(first);
    merged.extend(second);
    merged
}

/// Go: `sorter.go`, `keyList.Less`, for two strings.
fn is_less(a: &str, b: &str, flavour: Flavour) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let same = (0..=same).rev().find(|&at| a.is_char_boundary(at) && b.is_char_boundary(at)).unwrap_or(0);
    let (before, rest_a) = a.split_at_checked(same).unwrap_or(("", a));
    let (_, rest_b) = b.split_at_checked(same).unwrap_or(("", b));
    let (Some(char_a), Some(char_b)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.is_empty() && !rest_b.is_empty();
    };
    match (is_letter(char_a), is_letter(char_b)) {
        (true, true) => return char_a < char_b,
        (false, false) => {}
        (a_is_letter, b_is_letter) => {
            let after_digit = flavour == Flavour::V3 && before.chars().next_back().is_some_and(is_digit);
            return if after_digit { a_is_letter } else { b_is_letter };
        }
    }
    // A zero counts only behind other digits of the same number.
    let in_number = (char_a == '0' || char_b == '0')
        && before.chars().rev().take_while(|&digit| is_digit(digit)).any(|digit| digit != '0');
    let (number_a, digits_a) = number(rest_a, i64::from(in_number));
    let (number_b, digits_b) = number(rest_b, i64::from(in_number));
    match (number_a.cmp(&number_b), digits_a.cmp(&digits_b)) {
        (Ordering::Equal, Ordering::Equal) => char_a < char_b,
        (Ordering::Equal, by_digits) => by_digits.is_lt(),
        (by_number, _) => by_number.is_lt(),
    }
}

/// The number at the start of a text, and how many digits it has.
fn number(text: &str, start: i64) -> (i64, usize) {
    text.chars().take_while(|&digit| is_digit(digit)).fold((start, 0), |(number, count), digit| {
        let digit = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(digit), count + 1)
    })
}
