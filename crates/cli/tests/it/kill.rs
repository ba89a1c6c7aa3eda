//! The real server, or the PostgreSQL under it, is killed at random moments under load: nothing that
//! was acknowledged is missing, nothing is finished twice.

use std::time::Instant;

use crate::{
    database::on_both,
    harness::{Server, poll},
    ledger::{Load, REAL, random_ms, real_executor},
};

const ROUNDS: &str = "PLAYHOUSE_KILL_ROUNDS";
/// Jobs of executors that got no answer come back soon.
const SHORT_LEASES: [&str; 2] = ["--lease-seconds=1", "--scan-seconds=1"];

on_both!(kill_of_the_server_loses_nothing);

fn kill_of_the_server_loses_nothing(arguments: &[&str]) {
    let mut server = Server::start(&[&SHORT_LEASES, arguments].concat());
    let load = survive(rounds(), &mut server);
    load.check(&server);
}

/// One of the executors is real, and so is the program that it fetches and runs.
#[test]
fn kill_of_the_server_loses_nothing_of_a_real_executor() {
    // Longer than a server takes to start, so that what runs meanwhile is not killed each time.
    let mut server = Server::start(&["--lease-seconds=5", "--scan-seconds=1"]);
    let mut executor = real_executor(&server);
    let load = survive(rounds() / 5 + 1, &mut server);
    let executors = load.check(&server);
    assert!(executors.contains(REAL), "it completed none: {executors:?}");
    assert!(executor.ended().is_none(), "{}", executor.stderr());
}

#[expect(
    clippy::disallowed_methods,
    reason = "the number of rounds comes from `cargo xtask`"
)]
fn rounds() -> u32 {
    std::env::var(ROUNDS).map_or(50, |text| text.parse().expect("a number of rounds"))
}

/// SIGKILL of the server, round after round.
fn survive(rounds: u32, server: &mut Server) -> Load {
    let mut load = Load::on(server);
    for round in 0..rounds {
        load.start();
        load.wait_for_a_moment();
        server.kill();
        load.stop();
        server.restart();
        assert!(server.process.ended().is_none(), "round {round}");
        assert!(server.answers("/readyz", "200"), "round {round}");
    }
    load
}

/// The server is never touched: it has to notice, to say so, and to go on by itself.
#[test]
fn kill_of_postgres_loses_nothing() {
    let mut postgres = private_postgres::Server::start(&[]).expect("PostgreSQL starts");
    let url = postgres.url();
    let mut server = Server::start(&[&SHORT_LEASES[..], &["--database-url", &url]].concat());
    let mut load = Load::on(&server);
    load.start();
    for round in 0..rounds() {
        load.wait_for_a_moment();
        assert_eq!(server.health(), Some(true), "round {round}");
        postgres.stop().expect("PostgreSQL stops");
        let down_until = Instant::now() + random_ms(400);
        // At least once, and however often it is asked while there is no database.
        loop {
            assert_eq!(server.health(), Some(false), "round {round}");
            assert!(server.answers("/readyz", "503"), "round {round}");
            if Instant::now() >= down_until {
                break;
            }
        }
        postgres.start_again().expect("PostgreSQL starts again");
        poll("the server has found its database again", || {
            server.health().filter(|healthy| *healthy)
        });
        assert!(server.process.ended().is_none(), "round {round}");
    }
    load.wait_for_a_moment();
    load.stop();
    load.check(&server);
}
