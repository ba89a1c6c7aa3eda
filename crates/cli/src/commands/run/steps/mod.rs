//! The steps of an execution as a live list, for a person at a terminal: what has ended scrolls up, what
//! runs moves below it, with the end of its output.

mod live;
mod progress;
#[cfg(test)]
mod tests;

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
use wire::{Timestamp, events::Event, jobs::LogText};

use live::Live;
use progress::Steps;

/// How long what a step printed may be under way to us after the step's end.
const OUTPUT_WAY: Duration = Duration::from_millis(100);

/// A list that the followers of events and of output write into.
#[derive(Clone)]
pub(in crate::commands) struct StepList(Arc<Mutex<(Steps, Live)>>);

impl StepList {
    /// The list, where there is a terminal to show it on.
    pub(in crate::commands) fn on_terminal() -> Option<Self> {
        let terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        terminal.then(|| Self(Arc::new(Mutex::new((Steps::default(), Live::new())))))
    }

    /// A step, or the execution, went on. Output has another way to us and is to be there before its step ends.
    pub(super) async fn event(&self, event: &Event) {
        let age = event.at.parse().map(|at: Timestamp| clock_ms() - at.0);
        let age = age.ok().and_then(|age| u64::try_from(age).ok());
        if let Some(age) = age.map(Duration::from_millis) {
            sleep(OUTPUT_WAY.saturating_sub(age)).await;
        }
        let (steps, live) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = steps.event(event);
        live.show(&lines, steps);
    }

    /// A step printed something.
    pub(super) fn output(&self, text: &LogText) {
        let (steps, live) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.output(&text.text);
        live.show(&[], steps);
    }

    /// Holds everything back for as long as something else has the terminal.
    pub(super) fn hide(&self) {
        let (_, live) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        live.hide();
    }

    /// Goes on after [`Self::hide`].
    pub(super) fn show(&self) {
        let (steps, live) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        live.show_again(steps);
    }

    /// Takes the moving lines away.
    pub(super) fn end(&self) {
        let (_, live) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        live.end();
    }
}

/// The time of this machine, in epoch milliseconds, to show how long something takes.
#[expect(clippy::disallowed_methods, reason = "what is shown decides nothing")]
fn clock_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
