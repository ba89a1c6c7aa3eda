//! `gateway.list_modules`, `upload_module`, `wait_for_module_installation`, `uninstall_module`.

use std::time::Duration;

use reqwest::{Body, Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::{Gateway, json as body};
use crate::attempt::execution::{
    call::{Done, Left, StepEnd},
    steps::artifact,
};

/// Between two looks at a module.
const INTERVAL: Duration = Duration::from_secs(2);
/// Modules of one answer.
const PAGE: usize = 200;

pub(super) async fn list(gateway: &Gateway<'_>) -> Done {
    let modules = all(gateway).await?;
    let count = modules.len();
    Ok(Left::output(json!({"modules": modules, "count": count})))
}

/// Every module, with the contract's words.
async fn all(gateway: &Gateway<'_>) -> Result<Vec<Value>, StepEnd> {
    let mut modules = Vec::new();
    for (group, healthy) in [("healthy", true), ("quarantined", false)] {
        let mut offset = 0;
        loop {
            let path = format!("/modules/{group}?limit={PAGE}&offset={offset}");
            let page = gateway.get(&path).await?;
            let items = page.get("items").unwrap_or(&page).as_array().cloned();
            let items = items.unwrap_or_default();
            let more = items.len() == PAGE;
            offset += items.len();
            modules.extend(items.iter().map(|item| described(item, healthy)));
            if !more {
                break;
            }
        }
    }
    Ok(modules)
}

fn described(item: &Value, healthy: bool) -> Value {
    let state = item["state"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let word = match state.as_str() {
        _ if !healthy => "failed",
        "ACTIVE" | "RUNNING" => "running",
        "LOADED" => "loaded",
        "FAILED" | "FAULTED" => "failed",
        _ => "installed",
    };
    json!({
        "id": item["id"],
        "name": item["name"],
        "version": item["version"],
        "state": word,
        "description": item["description"],
        "license_required": item["licenseRequired"],
        "pending_upgrade": item["pendingUpgrade"],
        "reason": item["reason"],
    })
}

/// The module of an id or a name.
async fn find(gateway: &Gateway<'_>, name: &str) -> Result<Option<Value>, StepEnd> {
    let is = |module: &&Value| module["id"] == *name || module["name"] == *name;
    Ok(all(gateway).await?.iter().find(is).cloned())
}

pub(super) async fn upload(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let path = parameters.text("file")?;
    let file = artifact::given(gateway.call, &path).await?;
    let length = file.metadata().await.map(|metadata| metadata.len());
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let sent = gateway.ask_once(Method::POST, "/modules/upload", |request| {
        let request = request
            .query(&[("fileName", &name)])
            .header(header::CONTENT_TYPE, "application/octet-stream");
        let request = match length {
            Ok(length) => request.header(header::CONTENT_LENGTH, length),
            Err(_) => request,
        };
        request.body(Body::from(file))
    });
    let uploaded = body(sent.await?).await?;
    let id = uploaded["moduleId"].as_str().map(str::to_owned);
    let id = id.ok_or_else(|| StepEnd::failed("the gateway does not say which module it is"))?;
    for (what, contained, accepted, flag) in [
        (
            "certificate",
            "containsCert",
            "certAccepted",
            "accept_certificate",
        ),
        ("eula", "containsEula", "licenseAccepted", "accept_license"),
    ] {
        if uploaded[contained] != true || uploaded[accepted] == true {
            continue;
        }
        if !parameters.flag(flag, true)? {
            let why = format!("the module's {what} is not accepted, and `{flag}` is false");
            return Err(StepEnd::refused(why));
        }
        let path = format!("/modules/{what}");
        accept(gateway, &path, &id).await?;
    }
    let asked = gateway.ask(Method::POST, "/modules/install", |request| {
        request.query(&[("moduleId", &id)])
    });
    let installed = body(asked.await?).await?;
    if installed["success"] == false {
        let why = installed["message"]
            .as_str()
            .unwrap_or("it does not say why");
        return Err(StepEnd::failed(format!(
            "the gateway did not install the module: {why}"
        )));
    }
    let module = find(gateway, &id).await?;
    let pending = module.is_some_and(|module| !module["pending_upgrade"].is_null());
    Ok(Left::output(
        json!({"module_id": id, "pending_restart": pending}),
    ))
}

/// Accepts a license or a certificate; one that is accepted already is a conflict.
async fn accept(gateway: &Gateway<'_>, path: &str, id: &str) -> Result<(), StepEnd> {
    let id = id.to_owned();
    let asked = gateway.ask_unless(Method::POST, path, StatusCode::CONFLICT, |request| {
        request.query(&[("moduleId", &id)])
    });
    asked.await
}

pub(super) async fn wait(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let name = parameters.text("module_name")?;
    let limit = parameters.seconds("timeout", 300.0)?;
    let until = Instant::now() + limit;
    loop {
        // A gateway that restarts for the module refuses everything meanwhile.
        let module = match find(gateway, &name).await {
            Ok(module) => module.unwrap_or_default(),
            Err(StepEnd::Failed(error, left)) if Instant::now() >= until || error.last => {
                return Err(StepEnd::Failed(error, left));
            }
            Err(StepEnd::Failed(..)) => {
                gateway.call.waits.poll(INTERVAL).await;
                continue;
            }
            Err(end) => return Err(end),
        };
        let text = |field: &str| module[field].as_str().unwrap_or_default().to_owned();
        match text("state").as_str() {
            "running" if module["pending_upgrade"].is_null() => {
                return Ok(Left::output(
                    json!({"status": "installed", "module_name": name}),
                ));
            }
            "running" => {
                let why =
                    format!("the new version of module {name} waits for a restart of the gateway");
                return Err(StepEnd::refused(why));
            }
            "failed" => {
                let why = format!("module {name} failed: {}", text("reason"));
                return Err(StepEnd::failed(why.trim_end_matches(": ")));
            }
            state if Instant::now() >= until => {
                let state = if state.is_empty() {
                    "is not there"
                } else {
                    state
                };
                let why = format!(
                    "module {name} does not run after {} s: it {state}",
                    limit.as_secs_f64()
                );
                return Err(StepEnd::failed(why));
            }
            _ => gateway.call.waits.poll(INTERVAL).await,
        }
    }
}

pub(super) async fn uninstall(gateway: &Gateway<'_>) -> Done {
    let name = gateway.call.parameters.text("module_name")?;
    let module = find(gateway, &name).await?;
    let missing = || StepEnd::failed(format!("the gateway has no module {name}"));
    let id = module.ok_or_else(missing)?["id"].clone();
    let asked = gateway.ask(Method::DELETE, "/modules/uninstall", |request| {
        let request = request.header(header::CONTENT_TYPE, "application/json");
        request.body(json!({"uninstall": [id]}).to_string())
    });
    // A refusal comes with a status that says otherwise.
    let said = body(asked.await?).await?;
    let refused = said["failedUninstalls"]
        .as_array()
        .is_some_and(|failed| !failed.is_empty());
    if said["success"] == false || refused {
        let why = said["message"].as_str().map(str::to_owned);
        let why = why.unwrap_or_else(|| said["failedUninstalls"].to_string());
        return Err(StepEnd::failed(format!(
            "the gateway did not remove module {name}: {why}"
        )));
    }
    Ok(Left::output(
        json!({"status": "uninstalled", "module_id": id}),
    ))
}
