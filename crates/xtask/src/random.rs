//! Numbers that look random and are the same in every run.

/// Steele's and Vigna's `SplitMix64`, seeded with a name.
#[derive(Debug)]
pub(crate) struct Random(u64);

/// Which of all possible runs a run is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// The numbers of this run for one purpose. Those of the seed 0 depend on nothing but the name.
    pub(crate) fn random(self, name: &str) -> Random {
        if self.0 == 0 { Random::named(name) } else { Random::named(&format!("{} {name}", self.0)) }
    }
}

impl Random {
    /// A generator whose numbers depend on nothing but the name.
    pub(crate) fn named(name: &str) -> Self {
        // FNV-1a: any hash does that stays the same for ever.
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, 0 when that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// One of some things; `None` when there is none.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        things.get(self.below(things.len()))
    }
}
