//! An empty PostgreSQL database for each server.

use anyhow::{Context, Result};
use tokio_postgres::NoTls;

const NAME: &str = "playhouse_bench";

/// Makes the database again and returns its URL.
pub(crate) async fn fresh(url: &str) -> Result<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("failed to reach PostgreSQL")?;
    tokio::spawn(connection);
    client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
        .await?;
    client
        .batch_execute(&format!("CREATE DATABASE {NAME}"))
        .await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(existing(url))
}

/// The URL of the database that was made last.
pub(crate) fn existing(url: &str) -> String {
    with_database(url, NAME)
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_changes() {
        assert_eq!(
            with_database("postgres://u@h:1/a", "b"),
            "postgres://u@h:1/b"
        );
        assert_eq!(with_database("postgres://u@h:1", "b"), "postgres://u@h:1/b");
        assert_eq!(
            with_database("postgres://h/a?sslmode=x", "b"),
            "postgres://h/b?sslmode=x"
        );
    }
}
