//! What operators ask of a run: durable wishes, delivered to the executor that performs it.

/// A wish of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Stop at the next boundary and wait for a resume.
    Pause,
    /// Go on.
    Resume,
    /// End the part that waits, or leave out the next one.
    Skip,
    /// Stop the work and report it as failed.
    Cancel,
}

/// The wishes that are open, each with the generation at which it was asked for; 0 when it is not open.
///
/// The generation rises by one with every wish and with everything else that an executor must look at
/// before it parks the run, such as the end of a child. An executor acknowledges the generation that it
/// acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signals {
    /// The newest generation.
    pub generation: i64,
    /// The run is to pause; open until a resume.
    pub pause: i64,
    /// A part is to be skipped; open until the executor acknowledges it.
    pub skip: i64,
    /// The run is to stop; open until it ends.
    pub cancel: i64,
}

impl Signals {
    /// These wishes and one more.
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

    /// Something happened that an executor must look at.
    #[must_use]
    pub fn advanced(self) -> Self {
        Self {
            generation: self.generation + 1,
            ..self
        }
    }

    /// Nothing is open any more: the run has ended.
    #[must_use]
    pub fn closed(self) -> Self {
        Self {
            generation: self.generation,
            ..Self::default()
        }
    }

    /// What is open after an executor acted on everything up to `generation`.
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
