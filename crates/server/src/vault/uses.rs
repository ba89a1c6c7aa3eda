//! The detail of a line of the audit about the use of a credential.

use std::fmt;

/// Who used a credential for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UseDetail {
    /// The execution.
    pub(crate) run: String,
    /// The executor that asked for it.
    pub(crate) executor: String,
    /// The step; empty when an attempt goes on after an earlier one, and no step of it was meant.
    pub(crate) step: String,
}

const RUN: &str = "execution ";
const EXECUTOR: &str = " on ";
const STEP: &str = ", step ";

impl fmt::Display for UseDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            executor,
            step,
        } = self;
        write!(f, "{RUN}{run}{EXECUTOR}{executor}")?;
        if step.is_empty() {
            return Ok(());
        }
        write!(f, "{STEP}{step}")
    }
}

impl UseDetail {
    /// Reads what was written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (run, rest) = text.strip_prefix(RUN)?.split_once(EXECUTOR)?;
        let (executor, step) = rest.split_once(STEP).unwrap_or((rest, ""));
        Some(Self {
            run: run.to_owned(),
            executor: executor.to_owned(),
            step: step.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::UseDetail;

    #[test]
    fn it_is_read_as_it_was_written() {
        for step in ["", "deploy/3/login, step 2"] {
            let detail = UseDetail {
                run: "0199f2c4".to_owned(),
                executor: "on site".to_owned(),
                step: step.to_owned(),
            };
            assert_eq!(UseDetail::read(&detail.to_string()), Some(detail));
        }
        assert_eq!(UseDetail::read("something else"), None);
    }
}
