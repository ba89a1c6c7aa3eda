//! Signals: durable requests of operators, delivered to the executor that performs the run.

/// A request of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Wait for a resume when the current part has ended.
    Pause,
    /// End the pause.
    Resume,
    /// Skip the part that waits, or else the next one.
    Skip,
    /// Stop the work.
    Cancel,
}

/// The open signals, each with the generation at which it was sent; 0 when it is not open.
///
/// The generation rises by one with every signal, and with every other event that an executor must look at
/// before it parks the run, such as the end of a child. An executor acknowledges the newest generation that
/// it acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signals {
    /// The newest generation.
    pub generation: i64,
    /// A pause; open until a resume.
    pub pause: i64,
    /// A skip; open until the executor acknowledges it.
    pub skip: i64,
    /// A cancel; open until the run ends.
    pub cancel: i64,
}

impl Signals {
    /// These signals and one more.
    #[must_use]
    pub fn with(self, signal: Signal) -> Self {
        let generation = self.generation + 1;
        let next = Self { generation, ..self };
        match signal {
            Signal::Pause => Self {
                pause: generation,
                ..next
            },
            Signal::Resume => Self { pause: 0, ..next },
            Signal::Skip => Self {
                skip: generation,
                ..next
            },
            Signal::Cancel => Self {
                cancel: generation,
                ..next
            },
        }
    }

    /// The next generation: something happened that an executor must look at.
    #[must_use]
    pub fn advanced(self) -> Self {
        Self {
            generation: self.generation + 1,
            ..self
        }
    }

    /// All signals closed: the run has ended.
    #[must_use]
    pub fn closed(self) -> Self {
        Self {
            generation: self.generation,
            ..Self::default()
        }
    }

    /// What stays open after an executor acted on everything up to `generation`.
    #[must_use]
    pub fn acknowledged(self, generation: i64) -> Self {
        let skip = if self.skip <= generation {
            0
        } else {
            self.skip
        };
        Self { skip, ..self }
    }
}
