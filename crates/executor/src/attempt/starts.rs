//! Whether jobs can be started here at all.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many different programs in a row that could not be started are no accident.
const IN_A_ROW: usize = 5;

/// The programs that could not be started since one was, for reasons that may be this machine's.
#[derive(Default)]
pub(super) struct StartRecord(Mutex<Record>);

#[derive(Default)]
struct Record {
    failures: Vec<String>,
    unable: Option<String>,
}

impl StartRecord {
    /// A program was started.
    pub(super) fn succeeded(&self) {
        *self.record() = Record::default();
    }

    /// A program could not be fetched or started.
    pub(super) fn failed(&self, program: &str, why: &str) {
        let Record { failures, unable } = &mut *self.record();
        if failures.iter().any(|failed| failed == program) {
            return;
        }
        // The oldest is forgotten: after a rest, one more says the same again.
        if failures.len() >= IN_A_ROW {
            failures.remove(0);
        }
        failures.push(program.to_owned());
        if failures.len() >= IN_A_ROW {
            *unable = Some(format!(
                "{IN_A_ROW} different jobs in a row could not be started here, the last one because: {why}"
            ));
        }
    }

    /// What is wrong here, if it has become several different ones in a row since it was asked last.
    pub(super) fn unable(&self) -> Option<String> {
        self.record().unable.take()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_programs_in_a_row_count_and_a_start_ends_the_row() {
        let record = StartRecord::default();
        for _ in 0..10 {
            record.failed("same", "why");
        }
        for other in ["a", "b", "c"] {
            record.failed(other, "why");
            assert_eq!(record.unable(), None, "{other}");
        }
        record.failed("d", "no route");
        let told = record.unable().expect("the fifth");
        assert!(told.starts_with("5 different jobs in a row") && told.ends_with("no route"));
        assert_eq!(record.unable(), None, "it is said once");
        record.failed("e", "why");
        assert!(record.unable().is_some(), "one more says it again");
        record.succeeded();
        record.failed("f", "why");
        assert_eq!(record.unable(), None);
    }
}
