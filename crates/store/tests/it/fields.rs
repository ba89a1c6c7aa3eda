//! What is written is read again, every field and every byte.

use engine::{AttemptOutcome, Backoff, NewRun, Priority};
use store::runs::Report;

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(every_field_survives, every_byte_survives,);

async fn every_field_survives(db: &Database) {
    let store = db.open();
    let parent = submitted(&store, job()).await;
    let retry = Backoff {
        initial_ms: 100,
        factor: 1.5,
        max_ms: 9_000,
        jitter: 0.25,
    };
    let new = NewRun {
        name: "n\u{e4}me with \u{1f600}".to_owned(),
        queue: "elsewhere".to_owned(),
        priority: Priority::BestEffort,
        max_attempts: 7,
        retry: Some(retry),
        timeout_ms: Some(1_234),
        parent: Some(parent),
        exclusive_key: Some("only one".to_owned()),
        cleans_up: true,
        ..job()
    };
    let id = submitted(&store, new.clone()).await;
    assert_eq!(
        details(&store, id).await.run,
        engine::submit(new, AGING_STEP_MS, NOW).run
    );
}

async fn every_byte_survives(db: &Database) {
    let store = db.open();
    let odd: String = (0..=0x2ff_u32)
        .filter_map(char::from_u32)
        .chain(['\u{fffd}', '\u{10ffff}'])
        .collect();
    let input: Vec<u8> = (0..=255).collect();
    let mut request = submit([job()]);
    request.runs[0].input.clone_from(&input);
    submit_all(&store, request).await;
    let run = claimed(&store, "a").await;
    let mut end = finish(&run, AttemptOutcome::Failed);
    end.report = Report {
        stdout: odd.clone(),
        stderr: "\0".to_owned(),
        exit_code: Some(i64::MIN),
        error: Some(odd.clone()),
    };
    finished(&store, end).await.unwrap();
    let found = details(&store, run.id).await;
    assert_eq!(found.input, input);
    assert_eq!(found.result.stdout, odd.as_bytes());
    assert_eq!(found.result.stderr, [0]);
    assert_eq!(found.result.exit_code, Some(i64::MIN));
    assert_eq!(found.result.error.as_ref(), Some(&odd));
    assert_eq!(found.attempts[0].error.as_ref(), Some(&odd));
    // The event says why, too.
    let id = run.id;
    let events = read(&store, move |read| {
        store::events::after(read, 0, Some(id), 10)
    })
    .await;
    let data: serde_json::Value = serde_json::from_str(&events[2].data).unwrap();
    assert_eq!(data["reason"], odd);
}
