//! Could a server start on the database?

use std::path::Path;

use server::Database;

use super::check::Check;
use crate::commands::serving::database_advice;

/// Connects as a starting server does.
pub(super) async fn check(database_url: Option<&str>, data_dir: &Path) -> Check {
    const NAME: &str = "database";
    let database = Database::new(data_dir, database_url);
    let place = database.place();
    match database.check().await {
        Ok(condition) => {
            let version = condition.program_version;
            let schema = match condition.schema {
                0 => "empty (filled at the first start)".to_owned(),
                schema if schema < condition.known => format!(
                    "schema {schema} (brought to {} at the next start)",
                    condition.known
                ),
                schema => format!("schema {schema}"),
            };
            Check::ok(NAME, format!("{place}, version {version}, {schema}"))
        }
        Err(error) => Check::fail(NAME, format!("{place}: {error}"), database_advice(&error)),
    }
}
