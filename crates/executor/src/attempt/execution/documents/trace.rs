//! The trace of an execution's browser, as an artefact.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::rendered;
use crate::{
    attempt::execution::{call::Context, steps::artifact},
    browsers::TracedStep,
};

/// How long it may take to keep it: the execution has ended, or is about to be parked.
const LIMIT: Duration = Duration::from_secs(10);

impl Context<'_> {
    /// Keeps the trace of the browser, if it has something new. That it cannot be kept does not change how the
    /// execution goes on or has ended.
    pub(in crate::attempt::execution) async fn keep_trace(&self) {
        let session = &self.browser;
        let Some(added) = session.trace.unkept() else {
            return;
        };
        let steps = self.traced_steps();
        let values = json!({
            "title": self.redactor.text(self.input.playbook_path.clone()),
            "execution": self.taken.id,
            "steps": steps,
        });
        let name = match session.trace.token() {
            1 => "trace.html".to_owned(),
            token => format!("trace-{token}.html"),
        };
        let kept = async {
            let document = rendered("trace.html", &values)?;
            let kept = artifact::keep_of(self, &name, document.into()).await;
            kept.map_err(|_| "the server does not take it".to_owned())
        };
        match timeout(LIMIT, kept).await {
            Ok(Ok(())) => session.trace.keep(added),
            Ok(Err(why)) => tracing::warn!(why, "the trace is not kept"),
            Err(_) => tracing::warn!("the trace is not kept: the server takes too long"),
        }
    }

    /// What the steps in the browser did, without secrets.
    pub(in crate::attempt::execution) fn traced_steps(&self) -> Vec<Value> {
        let session = &self.browser;
        let steps = session.trace.finished(session.frame());
        steps.iter().map(|step| self.traced(step)).collect()
    }

    fn traced(&self, step: &TracedStep) -> Value {
        let picture = |frame: &Option<std::sync::Arc<browser::ScreencastFrame>>| {
            frame.as_ref().map(|frame| frame.data_url())
        };
        let texts = self.redactor.value(json!({
            "key": step.key,
            "name": step.name,
            "kind": step.kind,
            "target": step.target,
            "error": step.error,
            "url": step.url,
            "console": step.console,
            "failed_requests": step.failed_requests,
        }));
        let at = Timestamp::from_millisecond(step.at_ms).unwrap_or_default();
        let mut traced = texts;
        traced["at"] = format!("{at:.3}").into();
        traced["took_ms"] = step.took_ms.into();
        traced["answers"] = step.answers.into();
        traced["before"] = picture(&step.before).into();
        traced["after"] = picture(&step.after).into();
        traced
    }
}
