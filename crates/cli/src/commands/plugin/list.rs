//! `plugin list`.

use std::path::PathBuf;

use plugin::{Catalogue, Entry};
use serde_json::{Value, json};
use wire::{executors::PluginHost, plugin_jobs};

use crate::{
    args::ListPlugins,
    commands::{connection, place},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_table, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(list: ListPlugins) -> Result<Exit, Failure> {
    if list.on_server {
        return on_server(&list).await;
    }
    let directory = place::plugins_dir(list.place.plugins_dir.as_deref())?;
    let catalogue = super::load(directory).await?;
    if list.client.format.json {
        documents(&catalogue).iter().try_for_each(print_json)?;
        return Ok(Exit::OK);
    }
    print_bytes(rows(&catalogue).text().as_bytes())?;
    for broken in catalogue.broken() {
        let place = broken
            .folder
            .as_ref()
            .map(|folder| folder.display().to_string());
        say(&format!(
            "broken: {} ({}): {}",
            plain(&broken.name),
            or_dash(place),
            plain(&broken.reason)
        ));
    }
    Ok(Exit::OK)
}

fn host(entry: &Entry) -> &'static str {
    match entry {
        Entry::Wasm { .. } => "wasm",
        Entry::Process { .. } => "process",
    }
}

fn place_of(folder: Option<&std::path::Path>) -> String {
    folder.map_or_else(
        || "shipped".to_owned(),
        |folder| folder.display().to_string(),
    )
}

fn rows(catalogue: &Catalogue) -> Table {
    let mut table = Table::new(&["NAME", "VERSION", "ENABLED", "HOST", "PLACE", "DESCRIPTION"]);
    for plugin in catalogue.plugins() {
        let manifest = plugin.manifest();
        table.row([
            manifest.name.clone(),
            manifest.version.clone(),
            yes(manifest.enabled),
            host(&manifest.entry).to_owned(),
            place_of(plugin.folder()),
            manifest.description.clone(),
        ]);
    }
    table
}

fn documents(catalogue: &Catalogue) -> Vec<Value> {
    let good = catalogue.plugins().iter().map(|plugin| {
        let manifest = plugin.manifest();
        json!({
            "name": manifest.name, "version": manifest.version, "description": manifest.description,
            "order": manifest.order, "enabled": manifest.enabled, "host": host(&manifest.entry),
            "sha256": plugin.digest(), "folder": plugin.folder(),
        })
    });
    let broken = catalogue.broken().iter().map(|broken| {
        let folder: Option<&PathBuf> = broken.folder.as_ref();
        json!({"name": broken.name, "folder": folder, "error": broken.reason})
    });
    good.chain(broken).collect()
}

async fn on_server(list: &ListPlugins) -> Result<Exit, Failure> {
    let plugins = connection::open(&list.client.address)?.plugins().await?;
    if list.client.format.json {
        plugins.iter().try_for_each(print_json)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&[
        "NAME",
        "VERSION",
        "ENABLED",
        "HOST",
        "EXECUTORS",
        "DESCRIPTION",
    ]);
    for plugin in &plugins {
        table.row([
            plugin.name.clone(),
            plugin.version.clone(),
            standing(plugin),
            or_dash(plugin.host.map(|host| match host {
                PluginHost::Wasm => "wasm",
                PluginHost::Process => "process",
            })),
            plugin.executors.join(" "),
            plugin.description.clone(),
        ]);
    }
    let empty = "no executor has plugins; start one with `playhouse executor`";
    let exit = print_table(&table, empty)?;
    for plugin in &plugins {
        if let Some(error) = &plugin.error {
            let (name, error) = (plain(&plugin.name), plain(error));
            say(&format!("broken: {name}: {error}"));
        }
    }
    Ok(exit)
}

fn standing(plugin: &plugin_jobs::Plugin) -> String {
    match plugin.error {
        Some(_) => "broken".to_owned(),
        None => yes(plugin.enabled),
    }
}

fn yes(it_is: bool) -> String {
    if it_is { "yes" } else { "no" }.to_owned()
}
