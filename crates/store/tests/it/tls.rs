//! PostgreSQL over TLS: what each `sslmode` promises.

use private_postgres::Server;
use store::{Error, Location, Store};

use crate::{
    database::{Database, on_server, open, until},
    sample::*,
};

/// Made for these tests: a certificate for 127.0.0.1, and its key.
const CERTIFICATE: &str = include_str!("certificates/server.pem");
const KEY: &str = include_str!("certificates/server.key");

fn at(server: &Server, settings: &str) -> Result<Store, Error> {
    open(&Location::Postgres(format!("{}{settings}", server.url())))
}

fn authority(name: &str) -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/certificates");
    format!("sslmode=verify-full&sslrootcert={directory}/{name}.pem")
}

#[track_caller]
fn refused(server: &Server, settings: &str) {
    let answer = at(server, settings).map(drop);
    assert!(
        matches!(answer, Err(Error::Unavailable(_))),
        "{settings}: {answer:?}"
    );
}

/// Whether every connection of the only store is encrypted: writers, readers and the listener.
async fn encrypted(db: &Database) -> bool {
    let counts = until("all connections are there", async || {
        let counts = db.rows(
            "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl
             JOIN pg_stat_activity USING (pid) WHERE application_name = 'playhouse'",
        );
        (counts[0][0] == "5").then_some(counts)
    })
    .await;
    assert!(["0", "5"].contains(&counts[0][1].as_str()), "{counts:?}");
    counts[0][1] == "5"
}

#[test]
fn a_server_with_tls() {
    let mut server = Server::start(&[]).unwrap();
    server.put("server.crt", CERTIFICATE).unwrap();
    server.put("server.key", KEY).unwrap();
    server.set(&["ssl=on"]).unwrap();
    server.stop().unwrap();
    server.start_again().unwrap();
    on_server(&server.url(), async |db| {
        let checked = format!("?{}", authority("authority"));
        for (settings, expected) in [
            ("", true),
            ("?sslmode=disable", false),
            ("?sslmode=prefer", true),
            ("?sslmode=require", true),
            (&checked, true),
        ] {
            let store = at(&server, settings).unwrap();
            assert_eq!(encrypted(db).await, expected, "{settings}");
            submitted(&store, job()).await;
        }
        refused(&server, &format!("?{}", authority("another")));
        refused(&server, &format!("?{}", authority("missing")));
        // No authority in the system's list vouches for it.
        refused(&server, "?sslmode=verify-full");
        // The certificate is for the address, not for this name.
        let named = server.url().replace("127.0.0.1", "localhost");
        let wrong_name = Location::Postgres(format!("{named}{checked}"));
        assert!(matches!(open(&wrong_name), Err(Error::Unavailable(_))));
        assert_eq!(db.rows("SELECT count(*) FROM runs"), [["5"]]);
    });
}

#[test]
fn a_server_without_tls() {
    let server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        refused(&server, "?sslmode=require");
        refused(&server, &format!("?{}", authority("authority")));
        let store = at(&server, "?sslmode=prefer").unwrap();
        assert!(!encrypted(db).await);
        submitted(&store, job()).await;
    });
}
