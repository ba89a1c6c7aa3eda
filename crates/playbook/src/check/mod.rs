//! What is wrong with a playbook that loads.

mod bundle;
mod references;
mod values;

pub use self::bundle::{BundleProblem, check_bundle};

use crate::{Playbook, Problem};

/// What is wrong with a playbook that loads, in the order of the text: references that lead nowhere are errors
/// when they can never work, and what is only odd is a warning.
///
/// ```
/// let text = "name: N\nversion: '1'\nsteps:\n- id: a\n  name: A\n  type: utility.log\n  parameters:\n    \
///     message: '{{ step.b.out }}'\n- {id: b, name: B, type: utility.sleep}\n";
/// let playbook = playbook::parse(text).unwrap().playbook;
/// let expected = "4:3: error: step `a`: `step.b.out` refers to a step that comes later";
/// assert_eq!(playbook::check(&playbook)[0].to_string(), expected);
/// ```
#[must_use]
pub fn check(playbook: &Playbook) -> Vec<Problem> {
    let mut problems = references::check(playbook);
    problems.extend(values::check(playbook));
    problems.sort();
    problems.dedup();
    problems
}
