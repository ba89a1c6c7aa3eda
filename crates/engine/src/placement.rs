//! Which executors can take a run: the words behind the colon of its queue's name. Most are capabilities that an
//! executor has or has not; some say how much the run counts of what an executor offers.

/// How much a run counts, or an executor offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a processor core.
    pub cpu_millis: i64,
    /// Mebibytes of memory.
    pub memory_mb: i64,
}

const CPU: &str = "cpu>";
const MEMORY: &str = "memory>";

impl Resources {
    /// What runs in this queue count.
    #[must_use]
    pub fn of_queue(queue: &str) -> Self {
        let words = queue.split_once(':').map_or("", |(_, words)| words);
        Self::of_words(words.split(','))
    }

    /// What these words say; other words are passed over.
    #[must_use]
    pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut resources = Self::default();
        for word in words {
            if let Some(number) = word.strip_prefix(CPU) {
                resources.cpu_millis = number.parse().unwrap_or(i64::MAX);
            } else if let Some(number) = word.strip_prefix(MEMORY) {
                resources.memory_mb = number.parse().unwrap_or(i64::MAX);
            }
        }
        resources
    }

    /// The words for it: none for nothing.
    pub fn words(self) -> impl Iterator<Item = String> {
        let cpu = (self.cpu_millis > 0).then(|| format!("{CPU}{}", self.cpu_millis));
        let memory = (self.memory_mb > 0).then(|| format!("{MEMORY}{}", self.memory_mb));
        cpu.into_iter().chain(memory)
    }

    /// Whether a word is such a word.
    #[must_use]
    pub fn is_word(word: &str) -> bool {
        word.starts_with(CPU) || word.starts_with(MEMORY)
    }

    /// Whether it counts nothing.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether this much is there where `free` is.
    #[must_use]
    pub fn fits(self, free: Self) -> bool {
        let fits = |wanted: i64, free: i64| wanted == 0 || wanted <= free;
        fits(self.cpu_millis, free.cpu_millis) && fits(self.memory_mb, free.memory_mb)
    }

    /// What is left when `count` runs of this `size` are taken away.
    #[must_use]
    pub fn less(self, count: i64, size: Self) -> Self {
        let less = |all: i64, one: i64| all.saturating_sub(one.saturating_mul(count));
        Self {
            cpu_millis: less(self.cpu_millis, size.cpu_millis),
            memory_mb: less(self.memory_mb, size.memory_mb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Resources;

    #[test]
    fn words_say_what_a_run_counts() {
        let size = Resources {
            cpu_millis: 1_500,
            memory_mb: 4_096,
        };
        let words: Vec<String> = size.words().collect();
        assert_eq!(words, ["cpu>1500", "memory>4096"]);
        assert_eq!(Resources::of_queue("job:arch=x,cpu>1500,memory>4096"), size);
        assert!(Resources::of_queue("job").is_none());
        assert!(Resources::of_queue("plugin_job:cpu,memory").is_none());
        let free = Resources {
            cpu_millis: 4_000,
            memory_mb: 9_000,
        };
        assert!(size.fits(free) && size.fits(free.less(1, size)));
        assert!(!size.fits(free.less(2, size)));
        // What counts nothing fits also where less than nothing is left.
        assert!(Resources::default().fits(free.less(9, size)));
    }
}
