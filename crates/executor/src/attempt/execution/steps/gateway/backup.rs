//! `gateway.backup`, `gateway.restore`.

use serde_json::json;

use super::{connection::Gateway, projects, restart::restarted};
use crate::attempt::execution::call::{Done, Left};

pub(super) async fn backup(gateway: &Gateway<'_>) -> Done {
    let kind = gateway.call.parameters.optional_text("type");
    let kind = kind.unwrap_or_else(|| "all".to_owned());
    projects::keep(gateway, "/backup", &[("type", &kind)], "gateway.gwbk").await
}

pub(super) async fn restore(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let disabled = parameters.flag("disable_projects", false)?.to_string();
    let mut query = vec![("restoreDisabled", disabled.as_str())];
    let new_name = parameters.optional_text("new_name");
    if let Some(name) = &new_name {
        query.extend([("renameEnabled", "true"), ("newName", name)]);
    }
    projects::give(gateway, "/backup", &query, "application/octet-stream").await?;
    if parameters.flag("wait_for_ready", true)? {
        restarted(gateway, parameters.seconds("timeout", 300.0)?).await?;
    }
    Ok(Left::output(json!({"status": "restored"})))
}
