//! `playbook put`.

use std::{fs, io::Read};

use wire::playbooks::WritePlaybook;

use crate::{
    args::PutPlaybook,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_json, say},
    table::plain,
};

pub(super) async fn run(put: PutPlaybook) -> Result<Exit, Failure> {
    let shown = put.file.display();
    let failed = |error| Failure::io(format!("cannot read {shown}"), &error);
    let mut content = String::new();
    if put.file.as_os_str() == "-" {
        std::io::stdin()
            .read_to_string(&mut content)
            .map_err(failed)?;
    } else {
        content = fs::read_to_string(&put.file).map_err(failed)?;
    }
    let name = put.file.file_name().and_then(|name| name.to_str());
    let path = put.path.as_deref().or(name);
    let path = path.ok_or_else(|| Failure::usage(format!("{shown} is the name of no file")))?;
    let replaces = match &put.revision {
        Some(revision) => Some(revision.as_str()),
        None => put.replace.then_some("*"),
    };
    let client = connection::open(&put.address)?;
    let new = WritePlaybook { content };
    let written = client.put_playbook(path, &new, replaces).await?;
    if put.format.json {
        print_json(&written)?;
        return Ok(Exit::OK);
    }
    let revision: String = written.summary.revision.chars().take(12).collect();
    say(&plain(&format!(
        "{} is written, revision {revision}",
        written.summary.path
    )));
    Ok(Exit::OK)
}
