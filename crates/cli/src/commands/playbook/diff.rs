//! `playbook diff`.

use crate::{
    args::DiffPlaybook,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
};

pub(super) async fn run(diff: DiffPlaybook) -> Result<Exit, Failure> {
    let client = connection::open(&diff.address)?;
    let (from, to) = (diff.from.as_deref(), diff.to.as_deref());
    let found = client.playbook_diff(&diff.path, from, to).await?;
    if diff.format.json {
        print_json(&found)?;
    } else if found.diff.is_empty() {
        say("nothing changed");
    } else {
        print_bytes(found.diff.as_bytes())?;
    }
    Ok(Exit::OK)
}
