//! Which executors can take a job: what it requires, in the words of its queue, and what executors have.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use engine::Resources;
use wire::{executors::Registration, jobs::NewJob};

use crate::{app::App, kinds, refusal::Refusal};

/// Requirements of one job, and labels of one executor. The words of a job are the name of its queue, which an index
/// must take: PostgreSQL has room for 2,704 bytes in a row of one, and 16 of the longest make 2,080.
const JOB_LIMIT: usize = 16;
const EXECUTOR_LIMIT: usize = 64;
/// The longest name or value.
const WORD_LIMIT: usize = 64;
/// More than any machine has: cores, and mebibytes.
const CPUS_LIMIT: f64 = 100_000.0;
const MEMORY_LIMIT: u64 = 1 << 40;

/// The words that a job requires of its executor.
pub(crate) fn required(job: &NewJob) -> Result<Vec<String>, Refusal> {
    let none = BTreeMap::new();
    let requires = job.requires.as_ref().unwrap_or(&none);
    let size = resources(job.cpus, job.memory_mb)?;
    words("requires", requires, JOB_LIMIT, size)
}

/// The words that an executor has: its labels, and what it offers.
pub(crate) fn offered(registration: &Registration) -> Result<Vec<String>, Refusal> {
    let size = resources(registration.cpus, registration.memory_mb)?;
    words("labels", &registration.labels, EXECUTOR_LIMIT, size)
}

fn words(
    field: &str,
    labels: &BTreeMap<String, String>,
    most: usize,
    size: Resources,
) -> Result<Vec<String>, Refusal> {
    if labels.len() > most {
        return Err(Refusal::field(field, format!("at most {most} {field}")));
    }
    for (name, value) in labels {
        for (what, text) in [("name", name), ("value", value)] {
            if !is_word(text) {
                let message = format!(
                    "the {what} `{}` must be 1 to {WORD_LIMIT} letters, digits, `-`, `_`, `.` and `/`",
                    text.chars().take(WORD_LIMIT).collect::<String>()
                );
                return Err(Refusal::field(format!("{field}.{name}"), message));
            }
        }
    }
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    Ok(labels.chain(size.words()).collect())
}

fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !text.is_empty() && text.len() <= WORD_LIMIT && text.bytes().all(fits)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be at most a hundred thousand"
)]
fn resources(cpus: Option<f64>, memory_mb: Option<u64>) -> Result<Resources, Refusal> {
    let cpus = cpus.unwrap_or(0.0);
    if !(0.0..=CPUS_LIMIT).contains(&cpus) {
        let message = format!("cpus must be from 0 to {CPUS_LIMIT}");
        return Err(Refusal::field("cpus", message));
    }
    let memory = memory_mb.unwrap_or(0);
    if memory > MEMORY_LIMIT {
        let message = format!("memory_mb must be from 0 to {MEMORY_LIMIT}");
        return Err(Refusal::field("memory_mb", message));
    }
    Ok(Resources {
        // A part of a thousandth counts as one.
        cpu_millis: (cpus * 1_000.0).ceil() as i64,
        memory_mb: i64::try_from(memory).unwrap_or(i64::MAX),
    })
}

/// What one executor can take.
pub(crate) struct Capable<'a> {
    words: HashSet<&'a str>,
    pub(crate) offer: Resources,
}

impl<'a> Capable<'a> {
    /// From the words that it registered.
    pub(crate) fn of(words: &'a [String]) -> Self {
        Self {
            words: words.iter().map(String::as_str).collect(),
            offer: Resources::of_words(words.iter().map(String::as_str)),
        }
    }

    /// Whether it has all that stands behind the colon of a queue's name.
    pub(crate) fn has_all(&self, rest: &str) -> bool {
        kinds::capabilities(rest).all(|word| self.has(word))
    }

    fn has(&self, word: &str) -> bool {
        match Resources::is_word(word) {
            true => Resources::of_words([word]).fits(self.offer),
            false => self.words.contains(word),
        }
    }
}

/// What no executor that was heard of lately can take, by queue, and why.
pub(crate) struct Fleet(BTreeMap<String, String>);

impl Fleet {
    /// Looks at the executors if one of these queues requires anything: most do not, and nothing is read for them.
    pub(crate) async fn for_queues(
        app: &App,
        queues: impl Iterator<Item = &str>,
    ) -> Result<Self, store::Error> {
        let requiring = queues.filter(|queue| queue.contains(':'));
        let queues: BTreeSet<String> = requiring.map(str::to_owned).collect();
        if queues.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let since = app.active_since();
        let read = move |read: &mut store::Read<'_, '_>| {
            store::executors::capabilities_of_all(read, since)
        };
        Ok(Self::of(&app.store.read(read).await?, queues))
    }

    fn of(executors: &[Vec<String>], queues: impl IntoIterator<Item = String>) -> Self {
        let capable: Vec<Capable<'_>> = executors.iter().map(|words| Capable::of(words)).collect();
        let reasons = queues.into_iter().filter_map(|queue| {
            let (_, rest) = queue.split_once(':')?;
            let reason = lacks(&capable, rest)?;
            Some((queue, reason))
        });
        Self(reasons.collect())
    }

    /// Why none of them can take what waits in this queue; `None` when one can.
    pub(crate) fn lacks(&self, queue: &str) -> Option<String> {
        self.0.get(queue).cloned()
    }
}

/// Why none of the executors has all that stands behind the colon of a queue's name.
fn lacks(capable: &[Capable<'_>], rest: &str) -> Option<String> {
    if capable.iter().any(|one| one.has_all(rest)) {
        return None;
    }
    let unknown: BTreeSet<&str> = kinds::capabilities(rest)
        .filter(|word| !capable.iter().any(|one| one.has(word)))
        .collect();
    let shown = |words: &mut dyn Iterator<Item = &str>| {
        let words: Vec<String> = words.map(shown).collect();
        words.join(" and ")
    };
    Some(match unknown.is_empty() {
        false => format!("no known executor has {}", shown(&mut unknown.into_iter())),
        true => format!(
            "no known executor has {} together",
            shown(&mut kinds::capabilities(rest))
        ),
    })
}

/// A word, for people.
fn shown(word: &str) -> String {
    let size = Resources::of_words([word]);
    match (size.cpu_millis, size.memory_mb) {
        (0, 0) => word.to_owned(),
        (0, memory) => format!("{memory} MiB of memory"),
        (millis, _) if millis % 1_000 == 0 => format!("{} cpus", millis / 1_000),
        (millis, _) => {
            let part = format!("{:03}", millis % 1_000);
            format!("{}.{} cpus", millis / 1_000, part.trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn an_executor_takes_what_it_has_and_offers() {
        let own = words(&["arch=x86_64", "gpu=a100", "cpu>8000", "text-stats"]);
        let capable = Capable::of(&own);
        assert!(capable.has_all("gpu=a100,arch=x86_64,cpu>8000"));
        assert!(capable.has_all("text-stats"));
        for rest in ["arch=aarch64", "gpu", "cpu>8001", "memory>1", ""] {
            assert!(!capable.has_all(rest), "{rest}");
        }
    }

    #[test]
    fn what_no_executor_has_is_told() {
        let executors = [words(&["os=linux", "cpu>2000"]), words(&["gpu=a100"])];
        for (queue, lacks) in [
            ("job", None),
            ("job:os=linux,cpu>1500", None),
            (
                "job:gpu=h100,os=linux",
                Some("no known executor has gpu=h100"),
            ),
            (
                "job:cpu>2500,memory>4096",
                Some("no known executor has 2.5 cpus and 4096 MiB of memory"),
            ),
            (
                "job:gpu=a100,os=linux",
                Some("no known executor has gpu=a100 and os=linux together"),
            ),
        ] {
            let fleet = Fleet::of(&executors, [queue.to_owned()]);
            assert_eq!(fleet.lacks(queue).as_deref(), lacks, "{queue}");
        }
    }

    #[test]
    fn names_and_values_fit_into_a_queue() {
        let job = |name: &str, value: &str| NewJob {
            requires: Some([(name.to_owned(), value.to_owned())].into()),
            cpus: Some(0.0005),
            ..NewJob::default()
        };
        assert_eq!(
            required(&job("nvidia.com/gpu", "a_1")).expect("it is good"),
            ["nvidia.com/gpu=a_1", "cpu>1"]
        );
        for (name, value) in [
            ("", "x"),
            ("x", ""),
            ("a,b", "x"),
            ("a", "b:c"),
            ("a", "b>1"),
        ] {
            assert!(required(&job(name, value)).is_err(), "{name}={value}");
        }
        assert!(required(&job("a", &"b".repeat(65))).is_err());
    }
}
