//! What a person does in the browser of a parked run: its executor is asked to do it.

use axum::http::Uri;
use engine::{Run, State, WaitFor};
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
    let is_parked = match &run.state {
        State::Held => true,
        State::Waiting(waiting) => {
            matches!(waiting.reason, WaitFor::Operator | WaitFor::Approval)
        }
        _ => false,
    };
    let Some(executor) = run.executor.as_ref().filter(|_| is_parked) else {
        let status = run.state.status();
        let message = format!("the run is {status}: pause it before you work in its browser");
        return Err(Refusal::conflict(message));
    };
    let detail = match &input {
        BrowserInput::Click { x, y, .. }
        | BrowserInput::MouseDown { x, y, .. }
        | BrowserInput::MouseMove { x, y, .. }
        | BrowserInput::MouseUp { x, y, .. } => format!("{} at {x}, {y}", input.name()),
        BrowserInput::Navigate { url } => format!("navigate to {}", place(url)),
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

/// Login, query and fragment may have a secret in them.
fn place(url: &str) -> String {
    let parsed = url.parse::<Uri>().ok();
    let place = parsed.and_then(|uri| Some(format!("{}{}", uri.host()?, uri.path())));
    place.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_audit_gets_no_secret_of_an_address() {
        let found = place("https://user:pass@a.example:8443/b?token=c#d");
        assert_eq!(found, "a.example/b");
        assert_eq!(place("no address at all"), "");
    }
}
