//! `run artifacts`.

use wire::artifacts::Artifact;

use super::resolve;
use crate::{
    args::OneRun,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_json, print_table},
    table::Table,
};

pub(super) async fn run(wanted: OneRun) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    let id = resolve::id(&client, &wanted.id).await?;
    let artifacts = client.artifacts(&id).await?;
    if wanted.client.format.json {
        artifacts.iter().try_for_each(print_json)?;
        return Ok(Exit::OK);
    }
    let empty = "no artefacts; a job leaves them in $OUTPUT_DIR";
    print_table(&table(&artifacts), empty)
}

fn table(artifacts: &[Artifact]) -> Table {
    let mut table = Table::new(&["NAME", "BYTES", "STORED", "ATTEMPT", "SHA-256"]);
    for artifact in artifacts {
        table.row([
            artifact.name.clone(),
            artifact.size_bytes.to_string(),
            artifact.created_at.to_string(),
            artifact.attempt.to_string(),
            artifact.sha256.clone(),
        ]);
    }
    table
}
