//! What a browser is, kept for later executions: cookies and local storage. The server seals it.

use browser::StorageState;
use serde_json::{Value, json};

use super::{Acted, no_browser};
use crate::{
    attempt::execution::call::{StepCall, StepEnd},
    browsers::SessionPage,
};

/// Saves the cookies and the local storage under a name.
pub(super) async fn save(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let name = call.parameters.text("name")?;
    let state = at.context.storage_state().await?;
    let (cookies, origins) = (state.cookies.len(), state.origins.len());
    // Texts and numbers have a JSON form.
    let state = serde_json::to_vec(&state).unwrap_or_default();
    let context = call.context;
    let (client, of) = (&context.runner.client, call.context.lease_of());
    call.asked(|| client.save_browser_state(context.taken.id, &of, &name, state.clone().into()))
        .await?;
    Ok(json!({"name": name, "cookies": cookies, "origins": origins, "status": "saved"}))
}

/// What was saved under a name.
async fn saved(call: &StepCall<'_>) -> Result<(String, StorageState), StepEnd> {
    let name = call.parameters.text("name")?;
    let (client, of) = (&call.context.runner.client, call.context.lease_of());
    let run = call.context.taken.id;
    let state = call.asked(|| client.browser_state(run, &of, &name)).await?;
    let state = serde_json::from_slice(&state);
    let state = state.map_err(|error| {
        StepEnd::refused(format!(
            "the browser state `{name}` cannot be read: {error}"
        ))
    })?;
    Ok((name, state))
}

/// Opens a new context with what was saved under a name.
pub(super) async fn load(call: &StepCall<'_>) -> Result<Value, StepEnd> {
    let (name, state) = saved(call).await?;
    let (cookies, origins) = (state.cookies.len(), state.origins.len());
    let browsers = &call.context.runner.environment.browsers;
    let loaded = call.context.browser.load(browsers, state).await;
    loaded.map_err(no_browser)?;
    Ok(json!({"name": name, "cookies": cookies, "origins": origins, "status": "loaded"}))
}
