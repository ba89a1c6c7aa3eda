//! Is the database there?

use std::{fs::File, io::Read, path::Path, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use super::check::Check;

const NAME: &str = "database";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Every SQLite file begins with it.
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Looks at the SQLite file of the data directory, or connects to PostgreSQL.
pub(super) async fn check(database_url: Option<&str>, data_dir: &Path) -> Check {
    match database_url {
        Some(url) => postgres(url).await,
        None => sqlite(&data_dir.join("playhouse.db")),
    }
}

fn sqlite(file: &Path) -> Check {
    let shown = file.display();
    if !file.exists() {
        return Check::ok(NAME, format!("SQLite at {shown} (made at the first start)"));
    }
    let mut header = [0; SQLITE_HEADER.len()];
    match File::open(file).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if header == *SQLITE_HEADER => Check::ok(NAME, format!("SQLite at {shown}")),
        Ok(()) => Check::fail(
            NAME,
            format!("{shown} is no SQLite database"),
            "put a backup in its place, or choose another directory with --data-dir",
        ),
        Err(error) => Check::fail(
            NAME,
            format!("{shown} cannot be read: {error}"),
            "give this user the right to read it",
        ),
    }
}

/// Only the connection is tried; user and password are the server's to try when it starts. The URL
/// itself is not shown: it may hold a password.
async fn postgres(url: &str) -> Check {
    let advice = "--database-url must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, and \
                  PostgreSQL must run there";
    let parsed = url::Url::parse(url).ok();
    let known = parsed.filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    let Some(host) = known.as_ref().and_then(url::Url::host_str) else {
        return Check::fail(NAME, "the database URL is not understood", advice);
    };
    let port = known.as_ref().and_then(url::Url::port).unwrap_or(5432);
    let place = format!("PostgreSQL at {host}:{port}");
    match timeout(CONNECT_TIMEOUT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Check::ok(NAME, format!("{place} accepts connections")),
        Ok(Err(error)) => Check::fail(NAME, format!("{place}: {error}"), advice),
        Err(_) => Check::fail(NAME, format!("{place} does not answer"), advice),
    }
}
