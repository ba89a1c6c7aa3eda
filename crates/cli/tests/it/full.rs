//! The disk of the real server is full: what does not fit is refused, nothing acknowledged is lost, and
//! it goes on by itself when there is room again. Its log is on the same disk.

use std::{env, fs::File, io::Write, path::Path};

use crate::{
    harness::{Server, poll, stdout},
    ledger::Load,
};

const ROOM_BYTES: usize = 64 << 20;
const FILES: usize = 1_000;

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_loses_nothing() {
    small_disk::run("full::the_disk_of_a_server_is_full");
}

#[test]
#[ignore = "it mounts: `a_full_disk_refuses_what_does_not_fit_and_loses_nothing` runs it"]
fn the_disk_of_a_server_is_full() {
    let place = env::temp_dir();
    small_disk::mount(&place, ROOM_BYTES, FILES);
    let mut server = Server::start(&["--lease-seconds=1", "--scan-seconds=1"]);
    let mut load = Load::on(&server);
    load.start();
    let filler = place.join("filler");
    for round in 0..3 {
        load.wait_for_a_moment();
        fill(&filler);
        let refused = poll("a submit is refused", || load.submit_one().err());
        let by_server = refused
            .status()
            .is_some_and(|status| status.is_server_error());
        assert!(by_server, "{refused}");
        assert!(server.process.ended().is_none(), "round {round}");
        let shown = server.run(&["job", "list", "--limit=1"]);
        assert!(shown.status.success(), "what is there can be read");
        assert!(!stdout(&shown).is_empty());
        std::fs::remove_file(&filler).expect("there is room again");
        // Acknowledged again, without a restart.
        load.wait_for_a_moment();
    }
    load.stop();
    server.kill();
    server.restart();
    load.check(&server);
}

/// Writes until nothing fits any more.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file");
    let mut length = 1 << 20;
    while length > 0 {
        if file.write_all(&vec![0; length]).is_err() {
            length /= 2;
        }
    }
}
