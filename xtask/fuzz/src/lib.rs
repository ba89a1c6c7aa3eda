//! Random inputs for a time: for the tests named `fuzz` of the parsers that read foreign bytes.

use std::{
    env,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};

/// How many seconds each test goes on.
pub const SECONDS: &str = "PLAYHOUSE_FUZZ_SECONDS";
/// Without being told.
const USUAL: u64 = 3;

/// Tries inputs until the time is over.
///
/// # Panics
/// When `check` does, and says with which input.
pub fn try_inputs<S: Strategy>(inputs: &S, check: impl Fn(S::Value))
where
    S::Value: Debug + Clone,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "how long is the test's own setting"
    )]
    let seconds = env::var(SECONDS).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(USUAL));
    let mut runner = TestRunner::new(Config::default());
    while Instant::now() < end {
        let Ok(tree) = inputs.new_tree(&mut runner) else {
            continue;
        };
        let input = tree.current();
        let tried = catch_unwind(AssertUnwindSafe(|| check(input.clone())));
        assert!(tried.is_ok(), "with {input:?}");
    }
}

/// Bytes that are `text` with a few of them changed, left out or doubled, or any bytes.
pub fn nearly(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    use proptest::prelude::{any, prop};
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..8);
    let edited = edits.prop_map(move |edits| {
        let mut bytes = text.to_vec();
        for (at, byte, how) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    });
    let any = prop::collection::vec(any::<u8>(), 0..300);
    proptest::prop_oneof![8 => edited, 1 => any]
}
