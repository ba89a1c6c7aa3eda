//! Projects, scans and tags.

use reqwest::{Body, Method, header};
use serde_json::{Value, json};

use super::connection::{Gateway, json as body};
use crate::attempt::execution::{
    call::{Done, Left, StepEnd},
    steps::artifact,
};

pub(super) async fn list(gateway: &Gateway<'_>) -> Done {
    let said = gateway.get("/projects/list").await?;
    let items = said.get("items").unwrap_or(&said).as_array().cloned();
    let projects: Vec<Value> = items.unwrap_or_default().iter().map(described).collect();
    let count = projects.len();
    Ok(Left::output(json!({"projects": projects, "count": count})))
}

fn described(item: &Value) -> Value {
    json!({
        "name": item["name"],
        "title": item["title"],
        "enabled": item["enabled"],
        "description": item["description"],
        "parent": item["parent"],
        "version": item["version"],
    })
}

pub(super) async fn get(gateway: &Gateway<'_>) -> Done {
    let name = gateway.call.parameters.text("project_name")?;
    let project = gateway
        .get(&format!("/projects/find/{}", segment(&name)))
        .await?;
    if project.is_null() {
        return Err(StepEnd::failed(format!(
            "the gateway has no project {name}"
        )));
    }
    Ok(Left::output(json!({"project": project})))
}

pub(super) async fn export(gateway: &Gateway<'_>) -> Done {
    let name = gateway.call.parameters.text("project_name")?;
    let path = format!("/projects/export/{}", segment(&name));
    keep(gateway, &path, &[], &format!("{name}.zip")).await
}

pub(super) async fn import(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let name = parameters.text("project_name")?;
    let overwrite = parameters.flag("overwrite", false)?.to_string();
    let path = format!("/projects/import/{}", segment(&name));
    give(
        gateway,
        &path,
        &[("overwrite", &overwrite)],
        "application/zip",
    )
    .await?;
    Ok(Left::output(json!({"status": "imported"})))
}

pub(super) async fn scan(gateway: &Gateway<'_>, what: &str) -> Done {
    let path = format!("/scan/{what}");
    gateway.ask(Method::POST, &path, |request| request).await?;
    Ok(Left::output(json!({"status": "scanned"})))
}

pub(super) async fn export_tags(gateway: &Gateway<'_>) -> Done {
    let (provider, path) = tags(gateway);
    let query = [
        ("provider", provider.as_str()),
        ("type", "json"),
        ("path", path.as_str()),
    ];
    let query = if path.is_empty() {
        &query[..2]
    } else {
        &query[..]
    };
    keep(
        gateway,
        "/tags/export",
        query,
        &format!("{provider}-tags.json"),
    )
    .await
}

pub(super) async fn import_tags(gateway: &Gateway<'_>) -> Done {
    let (provider, path) = tags(gateway);
    let query = [
        ("provider", provider.as_str()),
        ("type", "json"),
        ("path", path.as_str()),
    ];
    let query = if path.is_empty() {
        &query[..2]
    } else {
        &query[..]
    };
    give(gateway, "/tags/import", query, "application/json").await?;
    Ok(Left::output(json!({"status": "imported"})))
}

fn tags(gateway: &Gateway<'_>) -> (String, String) {
    let parameters = &gateway.call.parameters;
    let provider = parameters.optional_text("provider");
    let path = parameters.optional_text("path").unwrap_or_default();
    (provider.unwrap_or_else(|| "default".to_owned()), path)
}

/// Keeps what the gateway gives as an artefact.
pub(super) async fn keep(
    gateway: &Gateway<'_>,
    path: &str,
    query: &[(&str, &str)],
    name: &str,
) -> Done {
    let name = gateway
        .call
        .parameters
        .optional_text("save_as")
        .unwrap_or_else(|| name.to_owned());
    let answered = gateway
        .ask(Method::GET, path, |request| request.query(query))
        .await?;
    let size = artifact::keep_response(gateway.call, &name, answered).await?;
    Ok(Left::output(json!({"file": name, "size": size})))
}

/// Sends the file of the step.
pub(super) async fn give(
    gateway: &Gateway<'_>,
    path: &str,
    query: &[(&str, &str)],
    media_type: &str,
) -> Result<Value, StepEnd> {
    let file = artifact::given(gateway.call, &gateway.call.parameters.text("file")?).await?;
    let sent = gateway.ask_once(Method::POST, path, |request| {
        let request = request
            .query(query)
            .header(header::CONTENT_TYPE, media_type);
        request.body(Body::from(file))
    });
    Ok(body(sent.await?).await.unwrap_or_default())
}

/// A name as one part of a path.
fn segment(name: &str) -> String {
    let mut url = reqwest::Url::parse("http://path/").map_err(|_| ()).ok();
    if let Some(mut path) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        path.clear().push(name);
    }
    url.map(|url| url.path().trim_start_matches('/').to_owned())
        .unwrap_or_default()
}
