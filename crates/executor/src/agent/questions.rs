//! Answers what the server asks.

use std::{
    collections::HashSet,
    sync::{Arc, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::task::spawn_blocking;
use wire::{
    client::Payload,
    executors::{AskedQuestion, Question},
};

use super::Agent;
use crate::doctor;

const NO_DOCKER: &str = "this executor reaches no Docker host";

/// Answers a question that is among those that are being answered.
pub(super) async fn answer(agent: Arc<Agent>, asked: AskedQuestion) {
    let AskedQuestion { id, question } = asked;
    let answer = match question {
        Question::Doctor => {
            let settings = Arc::clone(&agent.settings);
            let suspended = agent.cooldown.suspended();
            let report = spawn_blocking(move || doctor::examine(&settings, suspended)).await;
            json(report.map_err(|error| error.to_string()))
        }
        Question::PlaygroundLogs(asked) => match agent.playrooms.playroom() {
            Some(playroom) => playroom.logs(&asked).await,
            None => Err(NO_DOCKER.to_owned()),
        },
        Question::CheckCompose {
            playroom,
            policy,
            yaml,
        } => match agent.playrooms.named(&playroom) {
            Some(playroom) => json(playroom.check(&policy, &yaml).await),
            None => Err(format!("this executor has no playroom `{playroom}`")),
        },
        Question::PlaygroundStats {
            playground_id,
            project,
        } => match agent.playrooms.playroom() {
            Some(playroom) => json(playroom.stats(playground_id, &project).await),
            None => Err(NO_DOCKER.to_owned()),
        },
        Question::SteerBrowser { run, input } => {
            let browsers = &agent.runner.environment().browsers;
            json(Ok(browsers.steer(&run, input).await))
        }
        Question::Unknown => {
            let version = env!("CARGO_PKG_VERSION");
            Err(format!("version {version} does not know this question"))
        }
    };
    let name = &agent.settings.name;
    if let Err(error) = agent.client.answer(name, &id, answer).await {
        tracing::warn!(%error, "a question was not answered");
    }
    agent.answering().remove(&id);
}

fn json(answer: Result<impl Serialize, String>) -> Result<Payload, String> {
    let json = serde_json::to_vec(&answer?).map_err(|error| error.to_string())?;
    Ok(Payload::Bytes(json.into()))
}

impl Agent {
    /// The questions that are being answered.
    pub(super) fn answering(&self) -> MutexGuard<'_, HashSet<String>> {
        self.answering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
