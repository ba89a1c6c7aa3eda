//! What is wrong with a playbook that loads.

mod bundle;
mod credentials;
mod references;
mod runs;
mod values;

pub use self::bundle::{BundleProblem, check_bundle};
pub(crate) use self::credentials::referred;

use crate::{Playbook, Problem};

/// What is wrong with a playbook that loads, in the order of the text: references that lead nowhere are errors
/// when they can never work, and what is only odd is a warning.
#[must_use]
pub fn check(playbook: &Playbook) -> Vec<Problem> {
    let mut problems = references::check(playbook);
    problems.extend(runs::check(playbook));
    problems.extend(values::check(playbook));
    problems.sort();
    problems.dedup();
    problems
}
