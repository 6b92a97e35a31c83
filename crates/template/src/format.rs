//! Go's formatting of strings and numbers with flags, width and precision (Go: `fmt/format.go`).

use pintle_value::{
    FloatBits, FloatFormat, Quote, append_float, append_quoted, append_quoted_rune, can_backquote,
    decode_rune, is_print, rune_count,
};

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The flags of a verb.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Go's flags are independent of each other")]
pub(crate) struct Flags {
    pub(crate) width: Option<usize>,
    pub(crate) precision: Option<usize>,
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) sharp: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    /// `%+v`.
    pub(crate) plus_v: bool,
    /// `%#v`.
    pub(crate) sharp_v: bool,
}

/// Which letters stand for the digits above 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

impl Case {
    fn digits(self) -> &'static [u8; 16] {
        match self {
            Self::Lower => LOWER,
            Self::Upper => UPPER,
        }
    }

    fn x(self) -> u8 {
        match self {
            Self::Lower => b'x',
            Self::Upper => b'X',
        }
    }
}

/// An integer, with the sign apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integer {
    pub(crate) negative: bool,
    pub(crate) magnitude: u64,
}

/// The text being formatted, and the flags of the verb that is being written.
#[derive(Debug, Default)]
pub(crate) struct Formatter {
    pub(crate) out: Vec<u8>,
    pub(crate) flags: Flags,
}

impl Formatter {
    pub(crate) fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
    }

    /// Writes `text`, padded to the width.
    pub(crate) fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else {
            return self.out.extend_from_slice(text);
        };
        let missing = width.saturating_sub(rune_count(text));
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend_from_slice(text);
        }
    }

    fn pad_with_spaces(&mut self, text: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text);
        self.flags.zero = zero;
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.pad(if value { b"true" } else { b"false" });
    }

    /// Go: `fmtUnicode`.
    pub(crate) fn unicode(&mut self, value: u64) {
        let precision = self.flags.precision.unwrap_or(4).max(4);
        // Not by the width of `format!`, which is 65,535 at most.
        let digits = format!("{value:X}");
        let mut text = b"U+".to_vec();
        text.resize(2 + precision.saturating_sub(digits.len()), b'0');
        text.extend_from_slice(digits.as_bytes());
        if self.flags.sharp
            && let Some(rune) = u32::try_from(value).ok().and_then(char::from_u32)
            && is_print(rune)
        {
            text.extend_from_slice(format!(" '{rune}'").as_bytes());
        }
        self.pad_with_spaces(&text);
    }

    /// Go: `fmtInteger`.
    pub(crate) fn integer(&mut self, value: Integer, base: u64, verb: char, case: Case) {
        let flags = self.flags;
        let mut precision = 0;
        if let Some(asked) = flags.precision {
            precision = asked;
            if asked == 0 && value.magnitude == 0 {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.padding(flags.width.unwrap_or(0));
                self.flags.zero = zero;
                return;
            }
        } else if flags.zero
            && !flags.minus
            && let Some(width) = flags.width
        {
            precision = width;
            if value.negative || flags.plus || flags.space {
                precision = precision.saturating_sub(1);
            }
        }
        let mut reversed = Vec::with_capacity(68);
        let mut rest = value.magnitude;
        loop {
            let digit = usize::try_from(rest % base).unwrap_or(0);
            reversed.push(case.digits().get(digit).copied().unwrap_or(b'0'));
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if precision > reversed.len() {
            reversed.resize(precision, b'0');
        }
        if flags.sharp {
            match base {
                2 => reversed.extend_from_slice(b"b0"),
                8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
                16 => reversed.extend_from_slice(&[case.x(), b'0']),
                _ => {}
            }
        }
        if verb == 'O' {
            reversed.extend_from_slice(b"o0");
        }
        if value.negative {
            reversed.push(b'-');
        } else if flags.plus {
            reversed.push(b'+');
        } else if flags.space {
            reversed.push(b' ');
        }
        reversed.reverse();
        self.pad_with_spaces(&reversed);
    }

    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let mut at = 0;
        for _ in 0..precision {
            match decode_rune(text.get(at..).unwrap_or_default()) {
                Some((_, width)) => at += width,
                None => return text,
            }
        }
        text.get(..at).unwrap_or(text)
    }

    /// `%s`.
    pub(crate) fn string(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        self.pad(text);
    }

    /// `%q`.
    pub(crate) fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let mut quoted = Vec::with_capacity(text.len() + 2);
        if self.flags.sharp && can_backquote(text) {
            quoted.push(b'`');
            quoted.extend_from_slice(text);
            quoted.push(b'`');
        } else {
            append_quoted(&mut quoted, text, if self.flags.plus { Quote::Ascii } else { Quote::Printable });
        }
        self.pad(&quoted);
    }

    /// `%x` of a string (Go: `fmtSbx`).
    pub(crate) fn hex(&mut self, bytes: &[u8], case: Case) {
        let flags = self.flags;
        let bytes = bytes.get(..flags.precision.unwrap_or(bytes.len())).unwrap_or(bytes);
        if bytes.is_empty() {
            return self.padding(flags.width.unwrap_or(0));
        }
        let mut width = 2 * bytes.len();
        if flags.space {
            width = if flags.sharp { 2 * width } else { width } + bytes.len() - 1;
        } else if flags.sharp {
            width += 2;
        }
        let missing = flags.width.unwrap_or(0).saturating_sub(width);
        if !flags.minus {
            self.padding(missing);
        }
        for (index, byte) in bytes.iter().enumerate() {
            if flags.space && index > 0 {
                self.out.push(b' ');
            }
            if flags.sharp && (flags.space || index == 0) {
                self.out.extend_from_slice(&[b'0', case.x()]);
            }
            for digit in [byte >> 4, byte & 15] {
                self.out.push(case.digits().get(usize::from(digit)).copied().unwrap_or(b'0'));
            }
        }
        if flags.minus {
            self.padding(missing);
        }
    }

    /// `%c`.
    pub(crate) fn character(&mut self, code: u64) {
        let rune = to_rune(code);
        self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%q` of an integer.
    pub(crate) fn quoted_character(&mut self, code: u64) {
        let mut quoted = Vec::new();
        let quote = if self.flags.plus { Quote::Ascii } else { Quote::Printable };
        append_quoted_rune(&mut quoted, to_rune(code), quote);
        self.pad(&quoted);
    }

    /// Go: `fmtFloat`.
    pub(crate) fn float(&mut self, value: f64, bits: FloatBits, verb: char, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let format = match verb.to_ascii_lowercase() {
            'e' => FloatFormat::Exponent,
            'f' => FloatFormat::Fixed,
            'b' => FloatFormat::Binary,
            'x' => FloatFormat::Hex,
            _ => FloatFormat::General,
        };
        let mut number = vec![b'+'];
        append_float(&mut number, value, format, precision, bits);
        if matches!(number.get(1), Some(b'-' | b'+')) {
            number.remove(0);
        }
        if verb.is_ascii_uppercase() && value.is_finite() {
            number.make_ascii_uppercase();
        }
        if flags.space
            && number.first() == Some(&b'+')
            && !flags.plus
            && let Some(sign) = number.first_mut()
        {
            *sign = b' ';
        }
        if !value.is_finite() {
            if value.is_nan() && !flags.space && !flags.plus {
                number.remove(0);
            }
            return self.pad_with_spaces(&number);
        }
        if flags.sharp && verb != 'b' {
            number = with_point(&number, verb, precision);
        }
        if flags.plus || number.first() != Some(&b'+') {
            if flags.zero
                && !flags.minus
                && let Some(width) = flags.width.filter(|width| *width > number.len())
            {
                let (sign, digits) = number.split_at(1);
                self.out.extend_from_slice(sign);
                self.padding(width - number.len());
                self.out.extend_from_slice(digits);
                return;
            }
            return self.pad(&number);
        }
        self.pad(number.get(1..).unwrap_or_default());
    }
}

/// The point and the zeros that the flag `#` asks for. `number` begins with a sign.
fn with_point(number: &[u8], verb: char, precision: Option<usize>) -> Vec<u8> {
    let mut digits = match verb {
        'v' | 'g' | 'G' | 'x' => i64::try_from(precision.unwrap_or(6)).unwrap_or(i64::MAX),
        _ => 0,
    };
    let (mut head, mut tail): (&[u8], &[u8]) = (number, &[]);
    let (mut has_point, mut seen_digit) = (false, false);
    for (index, byte) in number.iter().enumerate().skip(1) {
        match byte {
            b'.' => has_point = true,
            b'p' | b'P' => {
                (head, tail) = number.split_at(index);
                break;
            }
            b'e' | b'E' if verb != 'x' && verb != 'X' => {
                (head, tail) = number.split_at(index);
                break;
            }
            byte => {
                seen_digit |= *byte != b'0';
                digits -= i64::from(seen_digit);
            }
        }
    }
    let mut out = head.to_vec();
    if !has_point {
        if head.len() == 2 && head.get(1) == Some(&b'0') {
            digits -= 1;
        }
        out.push(b'.');
    }
    out.resize(out.len() + usize::try_from(digits).unwrap_or(0), b'0');
    out.extend_from_slice(tail);
    out
}

fn to_rune(code: u64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
