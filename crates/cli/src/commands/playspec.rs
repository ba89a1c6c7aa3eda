//! `playspec`.

use wire::{
    client::{Client, Error},
    playgrounds::{Playspec, PlayspecChange},
};

use super::{connection, playground::ComposeFile};
use crate::{
    args::{CheckCompose, ClientArgs, DeletePlayspecs, OnePlayspec, PlayspecArgs, PutPlayspec},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, print_line, print_table, say},
    table::{Table, or_dash, plain},
};

pub(super) async fn run(command: PlayspecArgs) -> Result<Exit, Failure> {
    match command {
        PlayspecArgs::List(client) => list(&client).await,
        PlayspecArgs::Show(one) => show(&one).await,
        PlayspecArgs::Put(wanted) => put_file(wanted).await,
        PlayspecArgs::Check(wanted) => check(&wanted).await,
        PlayspecArgs::Delete(delete) => self::delete(&delete).await,
    }
}

async fn list(client: &ClientArgs) -> Result<Exit, Failure> {
    let list = connection::open(&client.address)?.playspecs().await?;
    if client.format.json {
        for one in &list {
            print_json(one)?;
        }
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "NAME", "PLAYGROUNDS", "CHANGED", "DESCRIPTION"]);
    for one in list {
        table.row([
            one.id.to_string(),
            one.name,
            one.playground_count.to_string(),
            one.updated_at.to_string(),
            or_dash(one.description),
        ]);
    }
    print_table(
        &table,
        "no playspecs; make one with `playhouse playspec put NAME FILE`",
    )
}

async fn show(one: &OnePlayspec) -> Result<Exit, Failure> {
    let playspec = connection::open(&one.client.address)?
        .playspec(&one.id)
        .await?;
    if one.client.format.json {
        print_json(&playspec)?;
        return Ok(Exit::OK);
    }
    let summary = &playspec.summary;
    let volumes = match summary.persist_volumes {
        true => "outlive playgrounds",
        false => "go with their playground",
    };
    let fields = Table::of_fields([
        ("id", Some(summary.id.to_string())),
        ("name", Some(summary.name.clone())),
        ("description", summary.description.clone()),
        ("volumes", Some(volumes.to_owned())),
        ("playgrounds", Some(summary.playground_count.to_string())),
        ("changed", Some(summary.updated_at.to_string())),
    ]);
    let mut services = Table::new(&["SERVICE", "TYPE", "SOURCE"]);
    for service in &playspec.services {
        let source = service.repo_url.clone().or_else(|| service.image.clone());
        services.row([service.name.clone(), service.kind.clone(), or_dash(source)]);
    }
    print_bytes(format!("{}\n{}", fields.text(), services.text()).as_bytes())?;
    Ok(Exit::OK)
}

async fn put_file(wanted: PutPlayspec) -> Result<Exit, Failure> {
    let file = ComposeFile::read(&wanted.file)?;
    let client = connection::open(&wanted.client.address)?;
    let put = put(
        &client,
        &wanted.name,
        file.text,
        wanted.description,
        wanted.persist_volumes,
    );
    let playspec = put.await?;
    if wanted.client.format.json {
        print_json(&playspec)?;
    } else {
        print_line(&playspec.summary.id.to_string())?;
    }
    Ok(Exit::OK)
}

/// Makes the playspec of this name, or changes it if its Compose file is another one.
pub(super) async fn put(
    client: &Client,
    name: &str,
    text: String,
    description: Option<String>,
    persist_volumes: bool,
) -> Result<Playspec, Failure> {
    let found = match client.playspec(name).await {
        Ok(found) => Some(found),
        Err(Error::Status { status, .. }) if status.as_u16() == 404 => None,
        Err(error) => return Err(error.into()),
    };
    let change = PlayspecChange {
        base_compose_yaml: Some(text),
        description,
        persist_volumes: persist_volumes.then_some(true),
        ..PlayspecChange::default()
    };
    match found {
        Some(found) => {
            let id = found.summary.id.to_string();
            Ok(client.change_playspec(&id, change).await?)
        }
        None => {
            let new = PlayspecChange {
                name: Some(name.to_owned()),
                ..change
            };
            Ok(client.create_playspec(new).await?)
        }
    }
}

async fn check(wanted: &CheckCompose) -> Result<Exit, Failure> {
    let file = ComposeFile::read(&wanted.file)?;
    let client = connection::open(&wanted.client.address)?;
    let checked = client.check_compose(file.text).await?;
    if wanted.client.format.json {
        print_json(&checked)?;
    } else {
        for error in &checked.errors {
            print_line(&format!("{}: error: {}", file.path.display(), plain(error)))?;
        }
        for warning in &checked.warnings {
            print_line(&format!(
                "{}: warning: {}",
                file.path.display(),
                plain(warning)
            ))?;
        }
    }
    if !checked.valid {
        return Ok(Exit::FAILED);
    }
    say(&format!("{} services", checked.services.len()));
    Ok(Exit::OK)
}

async fn delete(delete: &DeletePlayspecs) -> Result<Exit, Failure> {
    let client = connection::open(&delete.address)?;
    for id in &delete.ids {
        client.delete_playspec(id).await?;
    }
    Ok(Exit::OK)
}
