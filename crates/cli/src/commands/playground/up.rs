//! `playground up`: from a folder with a Compose file to a running playground.

use wire::{
    client::{Client, Error},
    playgrounds::{ChangePlayground, IdOrName, OperatePlayground, Playground, PlaygroundChange},
};

use super::{ComposeFile, connection, create, follow, playspec};
use crate::{
    args::Up,
    commands::connection::first_contact,
    exit::{Exit, Failure},
    output::say,
    table::plain,
};

pub(super) async fn run(up: Up) -> Result<Exit, Failure> {
    let file = ComposeFile::read(&up.path)?;
    let name = match up.name {
        Some(name) => name,
        None => file.folder_name()?,
    };
    let client = connection::open(&up.client.address)?;
    first_contact(&client).await?;
    let json = up.client.format.json;
    playspec::put(&client, &name, file.text, None, false).await?;
    let new = create::new(name.clone(), name.clone(), up.settings);
    let begun = match found(&client, &name).await? {
        None => create::make(&client, new).await?,
        Some(known) => {
            stays(&known, new.playroom_id.as_ref())?;
            say(&format!("rolling out to playground {}", plain(&name)));
            let change = PlaygroundChange {
                env_overrides: new.env_overrides,
                variables: new.variables,
                service_subdomains: new.service_subdomains,
                services: new.services,
                sleep_after_seconds: new.sleep_after_seconds,
                life: new.life,
                ..PlaygroundChange::default()
            };
            let id = known.summary.id.to_string();
            let body = ChangePlayground { playground: change };
            client.change_playground(&id, &body).await?;
            // One that stopped or failed is provisioned again, with what is there.
            let (operation, force) = match known.summary.status.as_str() {
                "stopped" => ("retry_compose", true),
                "error" => ("retry_compose", false),
                _ => ("rollout", false),
            };
            let how = OperatePlayground {
                force: force.then_some(true),
            };
            client.operate_playground(&id, operation, how).await?
        }
    };
    follow::to_end(&client, &begun, json).await
}

/// A playground stays in its playroom.
fn stays(known: &Playground, wanted: Option<&IdOrName>) -> Result<(), Failure> {
    let Some(IdOrName(wanted)) = wanted else {
        return Ok(());
    };
    let id = known.summary.playroom_id.to_string();
    let name = &known.playroom_name;
    if *wanted == id || wanted == name {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "playground {} is in playroom {}: destroy it first, or give another --name",
        plain(&known.summary.name),
        plain(name)
    )))
}

async fn found(client: &Client, name: &str) -> Result<Option<Playground>, Failure> {
    match client.playground(name).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::Status { status, .. }) if status.as_u16() == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}
