//! What a person does in the browser of a parked run: its executor is asked to do it.

use engine::{Run, State};
use store::{Batch, audit::Target};
use wire::{
    browser::{BrowserInput, BrowserPlace, SteeredBrowser},
    executors::Question,
};

use crate::{app::App, audit::AuditContext, questions, refusal::Refusal};

/// Does it, after the audit log has who does what, without what is typed.
pub(crate) async fn steer_browser(
    app: &App,
    run: &Run,
    input: BrowserInput,
    audit_context: AuditContext,
) -> Result<BrowserPlace, Refusal> {
    let is_parked = matches!(run.state, State::Held | State::Waiting(_));
    let Some(executor) = run.executor.as_ref().filter(|_| is_parked) else {
        let status = run.state.status();
        let message = format!("the run is {status}: pause it before you work in its browser");
        return Err(Refusal::conflict(message));
    };
    let detail = match &input {
        BrowserInput::Click { x, y, .. } => format!("click at {x}, {y}"),
        BrowserInput::Navigate { url } => format!("navigate to {}", without_query(url)),
        other => other.name().to_owned(),
    };
    let target = Target::runs(run.kind.as_str(), &[run.id]);
    let entry = audit_context.entry(app.now_ms(), target).detail(detail);
    let record = move |batch: &mut Batch<'_, '_>| {
        batch.record(&entry);
        Ok(())
    };
    app.store.write(record).await?;
    let question = Question::SteerBrowser {
        run: run.id.to_string(),
        input,
    };
    match questions::ask_for(app, executor, &question).await? {
        SteeredBrowser::Done(place) => Ok(place),
        SteeredBrowser::Refused(why) => Err(Refusal::conflict(why)),
    }
}

/// A query may have a secret in it.
fn without_query(url: &str) -> &str {
    url.split_once(['?', '#']).map_or(url, |(before, _)| before)
}
