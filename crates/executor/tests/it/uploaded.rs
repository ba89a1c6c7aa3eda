//! Programs that the executor's own server has: it may be away, or started anew, while they are fetched.

use std::time::Duration;

use executor::binaries::{Binaries, Error, FetchLimits};
use serde_json::json;

use crate::{
    bed::Bed,
    binaries::digest,
    desk::{Desk, Way},
    programs::Programs,
    stage::Stage,
};

/// Where nobody listens: it is fetched from the desk, or not at all.
fn url(hash: &str) -> String {
    format!("http://127.0.0.1:1/api/v1/binaries/{hash}")
}

/// Waits until the program was asked for twice more, so at least once from now on.
async fn asked_again(stage: &Stage) {
    let before = stage.desk.state().downloads;
    let more = |stage: &Stage| (stage.desk.state().downloads > before + 1).then_some(());
    stage.until("it is asked for again", more).await;
}

#[tokio::test]
async fn a_server_that_is_away_while_a_program_is_fetched_fails_no_job() {
    let stage = Stage::new(|_| {}).await;
    let program = "#!/bin/sh\necho done\n";
    let hash = digest(program.as_bytes()).to_string();
    stage.desk.change(|state| {
        state.uploads.insert(hash.clone(), program.into());
        state.way = Way::Refused;
    });
    let more = json!({"lease_seconds": 600.0});
    stage.desk.submit("job", &url(&hash), &hash, more);
    asked_again(&stage).await;
    stage.desk.change(|state| state.way = Way::Half);
    asked_again(&stage).await;
    stage.desk.change(|state| state.away = true);
    asked_again(&stage).await;
    stage.desk.change(|state| {
        state.away = false;
        state.way = Way::Whole;
    });
    let result = stage.result("job").await;
    assert!(result.completed, "{result:?}");
    assert_eq!(result.finish.stdout, "done\n");
    stage.end().await;
}

#[tokio::test]
async fn a_server_that_stays_away_is_not_the_programs_fault() {
    let (bed, desk, programs) = (Bed::new(), Desk::default(), Programs::serve().await);
    let limits = FetchLimits {
        patience: Duration::from_millis(1),
        ..FetchLimits::new(1 << 20)
    };
    let cache = Binaries::open(&bed.path("cache"), 1 << 20, limits).expect("the cache opens");
    cache.ask_first(desk.client());
    let wanted = digest(b"wanted");
    desk.change(|state| state.away = true);
    let error = cache.get(wanted, &url(&wanted.to_string())).await;
    let error = error.err().expect("nobody has it");
    assert!(matches!(error, Error::Away(_)), "{error}");
    assert_eq!(desk.state().downloads, 2, "it was asked for again");
    // There, and does not have it: whoever the URL names may.
    desk.change(|state| state.away = false);
    let error = cache.get(wanted, &url(&wanted.to_string())).await;
    let error = error.err().expect("nobody has it");
    assert!(matches!(error, Error::Fetch(_)), "{error}");
    // A server that is not its own is not asked at all there.
    let other = programs.put("file", "other", "wanted");
    let asked = desk.state().downloads;
    cache.get(wanted, &other).await.expect("it is fetched");
    assert_eq!(desk.state().downloads, asked);
}
