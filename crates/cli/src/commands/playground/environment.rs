//! `playground env`.

use super::connection;
use crate::{
    args::EnvironmentArgs,
    exit::{Exit, Failure},
    output::{print_json, print_table},
    table::Table,
};

pub(super) async fn run(wanted: &EnvironmentArgs) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    let found = client
        .playground_environment(&wanted.id, wanted.service.as_deref())
        .await?;
    if wanted.client.format.json {
        print_json(&found)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["NAME", "VALUE", "SOURCE"]);
    for (name, value) in found.metadata {
        let source = match found.generated_keys.contains(&name) {
            true => format!("{}, generated", value.source),
            false => value.source,
        };
        table.row([name, value.value, source]);
    }
    print_table(&table, "the environment is empty")
}
