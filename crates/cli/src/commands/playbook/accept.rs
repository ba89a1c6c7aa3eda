//! `playbook accept`.

use wire::browser::AcceptBaseline;

use crate::{
    args::AcceptPicture,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_json, say},
    table::plain,
};

pub(super) async fn run(accept: AcceptPicture) -> Result<Exit, Failure> {
    let client = connection::open(&accept.address)?;
    let body = AcceptBaseline {
        playbook: accept.playbook,
    };
    let accepted = client
        .accept_baseline(&accept.id, &accept.name, &body)
        .await?;
    if accept.format.json {
        print_json(&accepted)?;
        return Ok(Exit::OK);
    }
    say(&plain(&format!("baseline {} updated", accepted.path)));
    Ok(Exit::OK)
}
