//! Operators who look at the same run and ask something of it at once: what becomes of that is one history, in
//! which each change follows from the state before it.

use engine::{Command, Run, RunId, Signal, WaitFor, step};
use futures_util::future::join_all;
use store::{Error, runs};

use super::{AGING_STEP_MS, WaitingWorld};

const OPERATORS: usize = 8;
const WAKE: Command = Command::Wake {
    reason: WaitFor::Child,
    live_children: 0,
    aging_step_ms: AGING_STEP_MS,
};
const ASKED: [Signal; 7] = [
    Signal::Pause,
    Signal::Pause,
    Signal::Resume,
    Signal::Resume,
    Signal::Skip,
    Signal::Skip,
    Signal::Cancel,
];

impl WaitingWorld {
    pub(super) async fn rivals(&mut self) {
        let live = self.models.iter().filter(|(_, model)| !model.over);
        let ids: Vec<RunId> = live.map(|(id, _)| *id).collect();
        let Some(index) = self.chance.index(ids.len()) else {
            return;
        };
        let (id, now) = (ids[index], self.now);
        let mut asked = Vec::new();
        for _ in 0..OPERATORS {
            asked.push(ASKED[self.chance.index(ASKED.len()).unwrap_or(0)]);
        }
        let before = self.run(id).await;
        let answers = asked.iter().map(|signal| {
            let command = command(*signal);
            self.store()
                .write(move |batch| runs::apply(batch, id, &command, now))
        });
        let answers = join_all(answers).await;
        let answers: Vec<(Signal, Result<Run, Error>)> = asked.into_iter().zip(answers).collect();
        self.note(|| format!("rivals at {id}: {answers:?}"));
        let end = self.run(id).await;
        let history = self.history(before, &end, &answers, now);
        assert_eq!(end, history[history.len() - 1], "{id}");
        self.settle(id).await;
    }

    /// The states that the run went through; panics if there is no order in which the answers are right.
    fn history(
        &mut self,
        before: Run,
        end: &Run,
        answers: &[(Signal, Result<Run, Error>)],
        now: i64,
    ) -> Vec<Run> {
        let accepted = |(signal, answer): &(Signal, Result<Run, Error>)| {
            let after = answer.as_ref().ok()?.clone();
            Some((*signal, after))
        };
        let mut accepted: Vec<(Signal, Run)> = answers.iter().filter_map(accepted).collect();
        let mut history = vec![before];
        loop {
            let last = history[history.len() - 1].clone();
            let made = accepted.iter().position(|(signal, after)| {
                let made = step(&last, &command(*signal), now).map(|change| change.run);
                after.version == last.version + 1 && made.as_ref() == Ok(after)
            });
            if let Some(made) = made {
                let (signal, after) = accepted.remove(made);
                self.model(after.id).skips += usize::from(signal == Signal::Skip);
                history.push(after);
            } else if last.version < end.version {
                // Children that a cancel ended woke it, each in the same transaction.
                let woken = step(&last, &WAKE, now).expect("it is never refused").run;
                assert!(woken.version > last.version, "nobody made {last:?}");
                history.push(woken);
            } else {
                break;
            }
        }
        for (signal, after) in accepted {
            let state = history.iter().find(|state| state.version == after.version);
            let state = state.expect("a version of the history");
            let change = step(state, &command(signal), now).expect("it was accepted");
            assert_eq!(
                (&change.run, &after),
                (state, state),
                "{signal} changed something"
            );
            self.tally.count("a rival changed nothing");
        }
        for (signal, answer) in answers {
            match answer {
                Ok(_) => {}
                Err(Error::Rejected(_)) => {
                    let refused = |state: &Run| step(state, &command(*signal), now).is_err();
                    assert!(history.iter().any(refused), "{signal} was refused");
                    self.tally.count("a rival came too late");
                }
                Err(error) => panic!("{error}"),
            }
        }
        history
    }

    /// The models of a run and of all under it follow.
    async fn settle(&mut self, id: RunId) {
        let run = self.run(id).await;
        let model = self.model(id);
        model.cancelled |= run.is_cancelled();
        model.paused = run.signals.pause > 0;
        for child in self.children(id) {
            Box::pin(self.settle(child)).await;
        }
        self.check_family(id).await;
    }
}

fn command(signal: Signal) -> Command {
    Command::Signal {
        signal,
        aging_step_ms: AGING_STEP_MS,
    }
}
