//! Programs that the executor's own server has: it may be away, or started again, while they are fetched.

use std::time::Duration;

use executor::binaries::{Binaries, Error, FetchLimits};
use serde_json::json;

use crate::{
    binaries::digest,
    fake_server::{FakeServer, Way},
    programs::Programs,
    test_dir::TestDir,
    test_executor::TestExecutor,
};

/// An address without a listener: it is fetched from the fake server, or not at all.
fn url(hash: &str) -> String {
    format!("http://127.0.0.1:1/api/v1/binaries/{hash}")
}

/// Waits until the program was asked for twice more, so at least once from now on.
async fn asked_again(executor: &TestExecutor) {
    let before = executor.server.state().downloads;
    let more = |executor: &TestExecutor| executor.server.state().downloads > before + 1;
    executor.wait_for("it is asked for again", more).await;
}

#[tokio::test]
async fn a_server_that_is_away_while_a_program_is_fetched_fails_no_job() {
    let executor = TestExecutor::new(|_| {}).await;
    let program = "#!/bin/sh\necho done\n";
    let hash = digest(program.as_bytes()).to_string();
    executor.server.change(|state| {
        state.uploads.insert(hash.clone(), program.into());
        state.way = Way::Refused;
    });
    let more = json!({"lease_seconds": 600.0});
    executor.server.submit("job", &url(&hash), &hash, &more);
    asked_again(&executor).await;
    executor.server.change(|state| state.way = Way::Half);
    asked_again(&executor).await;
    executor.server.change(|state| state.away = true);
    asked_again(&executor).await;
    executor.server.change(|state| {
        state.away = false;
        state.way = Way::Whole;
    });
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    assert_eq!(result.stdout, "done\n");
    executor.end().await;
}

#[tokio::test]
async fn a_server_that_stays_away_is_not_the_programs_fault() {
    let (dir, server, programs) = (
        TestDir::new(),
        FakeServer::default(),
        Programs::serve().await,
    );
    let limits = FetchLimits {
        timeout: Duration::from_millis(1),
        ..FetchLimits::new(1 << 20)
    };
    let cache = Binaries::open(&dir.path("cache"), 1 << 20, limits).expect("the cache opens");
    cache.ask_first(server.client());
    let wanted = digest(b"wanted");
    server.change(|state| state.away = true);
    let error = cache.get(wanted, &url(&wanted.to_string())).await;
    let error = error.err().expect("nobody has it");
    assert!(matches!(error, Error::Away(_)), "{error}");
    assert_eq!(server.state().downloads, 2, "it was asked for again");
    // There, and does not have it: the host that the URL names may.
    server.change(|state| state.away = false);
    let error = cache.get(wanted, &url(&wanted.to_string())).await;
    let error = error.err().expect("nobody has it");
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    // A server that is not its own is not asked at all there.
    let other = programs.put("file", "other", "wanted");
    let asked = server.state().downloads;
    cache.get(wanted, &other).await.expect("it is fetched");
    assert_eq!(server.state().downloads, asked);
}
