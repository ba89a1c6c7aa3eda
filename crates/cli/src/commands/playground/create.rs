//! `playground create`.

use std::collections::BTreeMap;

use wire::{
    client::Client,
    playgrounds::{
        GitConfig, IdOrName, NewPlayground, Playground, PlaygroundLife, ServiceSettings,
    },
};

use super::{connection, follow};
use crate::{
    args::{CreatePlayground, PlaygroundSettings},
    commands::clock,
    exit::{Exit, Failure},
    output::{print_json, print_line},
};

pub(super) async fn run(create: CreatePlayground) -> Result<Exit, Failure> {
    let client = connection::open(&create.client.address)?;
    let new = NewPlayground {
        job_mode: create.job.then_some(true),
        ..new(create.name, create.playspec, create.settings)
    };
    let made = make(&client, new).await?;
    let json = create.client.format.json;
    if create.detach {
        match json {
            true => print_json(&made)?,
            false => print_line(&made.summary.id.to_string())?,
        }
        return Ok(Exit::OK);
    }
    follow::to_end(&client, &made, json).await
}

/// A playground with these settings.
pub(super) fn new(name: String, playspec: String, settings: PlaygroundSettings) -> NewPlayground {
    let mut services: BTreeMap<String, ServiceSettings> = BTreeMap::new();
    for (service, branch) in settings.branch {
        services.entry(service).or_default().git_config = Some(GitConfig {
            branch_name: Some(branch),
            ..GitConfig::default()
        });
    }
    let some = |map: BTreeMap<String, String>| (!map.is_empty()).then_some(map);
    NewPlayground {
        name: Some(name),
        playspec_id: Some(IdOrName(playspec)),
        playroom_id: settings.playroom.map(IdOrName),
        env_overrides: some(settings.env.into_iter().collect()),
        variables: some(settings.var.into_iter().collect()),
        service_subdomains: some(settings.subdomain.into_iter().collect()),
        services: (!services.is_empty()).then_some(services),
        sleep_after_seconds: settings.sleep_after.map(|minutes| minutes * 60),
        life: PlaygroundLife {
            expires_at: settings.ttl.map(clock::in_hours),
            never_expire: settings.never_expire.then_some(true),
        },
        ..NewPlayground::default()
    }
}

/// Makes it, once, however often the request is sent.
pub(super) async fn make(client: &Client, new: NewPlayground) -> Result<Playground, Failure> {
    let key = uuid::Uuid::now_v7().to_string();
    Ok(client.create_playground(new, Some(&key)).await?)
}
