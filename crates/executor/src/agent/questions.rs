//! Answers what the server asks.

use std::{
    collections::HashSet,
    sync::{Arc, MutexGuard, PoisonError},
};

use tokio::task::spawn_blocking;
use wire::{
    client::Payload,
    executors::{AskedQuestion, Question},
};

use super::Agent;
use crate::doctor;

/// Answers a question that is among those that are being answered.
pub(super) async fn answer(agent: Arc<Agent>, asked: AskedQuestion) {
    let AskedQuestion { id, question } = asked;
    let answer = match question {
        Question::Doctor => {
            let settings = Arc::clone(&agent.settings);
            let report = spawn_blocking(move || doctor::examine(&settings)).await;
            let json = report
                .map_err(|error| error.to_string())
                .and_then(|report| serde_json::to_vec(&report).map_err(|error| error.to_string()));
            json.map(|json| Payload::Bytes(json.into()))
        }
        Question::PlaygroundLogs(asked) => match agent.playrooms.playroom() {
            Some(playroom) => playroom.logs(&asked).await,
            None => Err("this executor reaches no Docker host".to_owned()),
        },
        Question::CheckCompose { .. } | Question::PlaygroundStats { .. } => {
            Err("this executor cannot answer that yet".to_owned())
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

impl Agent {
    /// The questions that are being answered.
    pub(super) fn answering(&self) -> MutexGuard<'_, HashSet<String>> {
        self.answering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
