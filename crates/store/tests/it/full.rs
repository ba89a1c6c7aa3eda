//! A full disk: what does not fit is refused whole, and when there is room again life goes on.

use std::{fs, path::Path};

use store::{Error, Location};

use crate::{
    database::{open, until},
    sample::*,
};

const ROOM_BYTES: usize = 24 << 20;
const FILES: usize = 100;
const INPUT_BYTES: usize = 128 << 10;

#[test]
fn a_full_disk_fails_the_batch_and_the_store_goes_on() {
    small_disk::run("full::the_disk_is_full");
}

#[test]
#[ignore = "it mounts: `a_full_disk_fails_the_batch_and_the_store_goes_on` runs it"]
fn the_disk_is_full() {
    let directory = tempfile::tempdir().unwrap();
    small_disk::mount(directory.path(), ROOM_BYTES, FILES);
    let filler = directory.path().join("filler");
    fs::write(&filler, vec![0; ROOM_BYTES / 2]).unwrap();
    fill_up(directory.path(), || fs::remove_file(&filler).unwrap());
}

fn fill_up(directory: &Path, make_room: impl FnOnce()) {
    let location = Location::Sqlite(directory.join("playhouse.db"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(&location).unwrap();
        let run = running(&store, job()).await;
        let (mut accepted, mut refused) = (vec![run.id], Vec::new());
        // Several at once share a batch, and its fate.
        while refused.len() < 20 {
            let requests = (0..4).map(|_| {
                let mut request = submit([job()]);
                request.runs[0].input = vec![7; INPUT_BYTES];
                request
            });
            let requests: Vec<_> = requests.collect();
            let ids: Vec<_> = requests
                .iter()
                .map(|request| request.runs[0].run.id)
                .collect();
            let answers = requests.into_iter().map(|request| store.submit(request));
            for (id, answer) in ids
                .into_iter()
                .zip(futures_util::future::join_all(answers).await)
            {
                match answer {
                    Ok(_) => accepted.push(id),
                    Err(Error::Unavailable(_)) => refused.push(id),
                    Err(error) => panic!("{error}"),
                }
            }
            assert!(accepted.len() < 1_000, "it does not get full");
        }
        // No caller can write, every caller can read.
        let (yes, no) = (accepted.clone(), refused.clone());
        let check = move |read: &mut store::Read<'_, '_>| {
            let there = store::runs::statuses(read, &yes)?;
            assert!(
                there.iter().all(Option::is_some),
                "something accepted is lost"
            );
            let there = store::runs::statuses(read, &no)?;
            assert!(
                there.iter().all(Option::is_none),
                "something refused is there"
            );
            Ok(())
        };
        read(&store, check.clone()).await;
        make_room();
        until("there is room again", async || {
            match store.submit(submit([job()])).await {
                Ok(submitted) => Some(submitted),
                Err(Error::Unavailable(_)) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
        store.heartbeat(heartbeat(&run)).await.unwrap();
        read(&store, check.clone()).await;
        drop(store);
        let store = open(&location).unwrap();
        read(&store, check).await;
        finished(&store, finish(&run, engine::AttemptOutcome::Completed))
            .await
            .unwrap();
        drop(store);
        crate::database::check(&location);
    });
}
