//! Numbers drawn from a seed (splitmix64).

/// The one source of choices in a simulation.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        // Seeds that lie side by side must not begin alike.
        let mut chance = Self(seed ^ 0x5DEE_CE66_D1CE_4E5B);
        chance.next();
        chance
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` up to but without `high`.
    pub(super) fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).expect("low is below high");
        low + i64::try_from(self.next() % span).expect("below a span of i64")
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.within(0, 100) < chance
    }

    /// One of several; `None` of none.
    pub(super) fn index(&mut self, count: usize) -> Option<usize> {
        let count = i64::try_from(count).expect("few");
        (count > 0).then(|| usize::try_from(self.within(0, count)).expect("not negative"))
    }
}
