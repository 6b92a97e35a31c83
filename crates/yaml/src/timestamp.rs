//! Which texts go-yaml takes for dates.

/// Whether a text is a date by one of go-yaml's four layouts (Go: `resolve.go`, `parseTimestamp`; `time.Parse`).
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = Rest(bytes);
    let Some(year) = rest.digits(4, 4) else { return false };
    let Some(month) = rest.literal(b'-').and_then(|()| rest.digits(1, 2)) else { return false };
    let Some(day) = rest.literal(b'-').and_then(|()| rest.digits(1, 2)) else { return false };
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
        return false;
    }
    let zoned = match rest.0.first() {
        None => return true,
        Some(b'T' | b't') => true,
        Some(b' ') => false,
        Some(_) => return false,
    };
    rest.skip(1);
    while !zoned && rest.literal(b' ').is_some() {} // time.Parse takes many spaces for one
    rest.time().is_some() && (!zoned || rest.zone().is_some()) && rest.0.is_empty()
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn skip(&mut self, count: usize) {
        self.0 = self.0.get(count..).unwrap_or_default();
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        (self.0.first() == Some(&byte)).then(|| self.skip(1))
    }

    /// A number of as many digits as there are, within these bounds.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let number = self.0.iter().take(count).fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        self.skip(count);
        Some(number)
    }

    /// Hours, minutes, seconds, and a fraction behind a point or a comma.
    fn time(&mut self) -> Option<()> {
        let hours = self.digits(1, 2)?;
        self.literal(b':')?;
        let minutes = self.digits(1, 2)?;
        self.literal(b':')?;
        let seconds = self.digits(1, 2)?;
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            self.skip(1);
            let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.skip(digits);
        }
        (hours < 24 && minutes < 60 && seconds < 60).then_some(())
    }

    /// `Z` or `±hh:mm`.
    fn zone(&mut self) -> Option<()> {
        if self.literal(b'Z').is_some() {
            return Some(());
        }
        if !matches!(self.0.first(), Some(b'+' | b'-')) {
            return None;
        }
        self.skip(1);
        let hours = self.digits(2, 2)?;
        self.literal(b':')?;
        let minutes = self.digits(2, 2)?;
        (hours <= 24 && minutes <= 60).then_some(())
    }
}
