//! The way through a job: order, chaining, storage, summaries, retries, resuming.

use std::time::Duration;

use serde_json::json;

use super::{Shelf, execute, last, told};

#[tokio::test]
async fn plugins_run_in_the_order_of_the_job_and_hand_on_what_they_leave() {
    let shelf = Shelf::new();
    shelf.script(
        "first",
        "",
        "case $call in *execute*) echo '{\"store\": {\"key\": \"k\", \"value\": 7}}'
        echo '{\"output\": \"handed on\"}'; echo '{\"metric\": {\"n\": 1}}';;
        *summarize*) echo '{\"summary\": {\"of\": \"first\"}}';; esac",
    );
    // It sees what the first one left, and where it works.
    shelf.script(
        "second",
        "",
        &execute(
            "case $call in *'\"output\":\"handed on\"'*'\"storage\":{\"k\":7}'*) n=2;; *) n=0;; esac
            echo \"in $(pwd)\" >&2; echo x >\"$HOME/f\" && echo y >\"$TMPDIR/f\" || n=0
            if echo z >\"$(dirname \"$0\")/f\"; then n=3; fi
            echo \"{\\\"metric\\\": {\\\"n\\\": $n}}\"",
        ),
    );
    let stage = shelf.stage(|_| {}).await;
    let more = json!({"debug": true, "input": {"text": "t"}});
    stage
        .desk
        .submit_plugins("job", &["first", "second"], &more);
    let result = stage.result("job").await;
    assert!(result.completed, "{result:?} {:?}", stage.desk.notes("job"));
    let finish = result.finish;
    assert_eq!(
        (finish.exit_code, finish.lease_token, finish.error_message),
        (None, Some(1), None)
    );
    let notes = stage.desk.notes("job");
    assert_eq!(told(&notes), ["+first", "first", "+second", "second"]);
    let progress = last(&stage, "job");
    let metrics: Vec<_> = progress
        .ended
        .iter()
        .map(|one| one.metric.clone())
        .collect();
    assert_eq!(
        metrics,
        [Some(json!({"n": 1})), Some(json!({"n": 2}))],
        "{progress:?}"
    );
    assert_eq!(json!(progress.storage), json!({"k": 7}));
    assert_eq!(json!(progress.summary), json!({"first": {"of": "first"}}));
    let log = &progress.ended[1].logs;
    assert!(log[0].message.contains("/data/work/attempt-"), "{log:?}");
    stage.end().await;
}

#[tokio::test]
async fn a_plugin_that_fails_is_tried_again_and_hides_no_other() {
    let shelf = Shelf::new();
    shelf.script("bad", "", "echo '{\"error\": {\"message\": \"never\"}}'");
    shelf.counter("good", 4);
    let stage = shelf.stage(|_| {}).await;
    stage
        .desk
        .submit_plugins("job", &["bad", "good"], &json!({"retries": 2}));
    let result = stage.result("job").await;
    assert!(!result.completed);
    let message = result.finish.error_message;
    assert_eq!(message.as_deref(), Some("plugin `bad` failed: never"));
    let notes = stage.desk.notes("job");
    assert_eq!(told(&notes), ["+bad", "!bad", "+good", "good"]);
    let tries = notes
        .iter()
        .filter_map(|note| note.progress.current.as_ref());
    let tries: Vec<u32> = tries.map(|current| current.failed_tries).collect();
    assert_eq!(
        tries,
        [0, 1, 2, 0],
        "each failed try is on disk before the next"
    );
    assert_eq!(last(&stage, "job").ended[0].failed_tries, 3);
    // The second try comes after the note of the first, and the third after that of the second.
    let times = stage.desk.state().note_times.clone();
    for (place, least) in [(1, 100), (2, 200)] {
        let waited = times[place + 1] - times[place];
        assert!(waited >= Duration::from_millis(least), "{waited:?}");
    }
    stage.end().await;
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_it_ended() {
    let shelf = Shelf::new();
    shelf.counter("done", 1);
    // Only what was noted can have come to it.
    let sees =
        "case $call in *'\"output\":\"handed on\"'*'\"storage\":{\"k\":7}'*) n=1;; *) n=0;; esac
        echo \"{\\\"metric\\\": {\\\"n\\\": $n}}\"";
    shelf.script("next", "", &execute(sees));
    shelf.script("tried", "", "echo '{\"error\": {\"message\": \"no\"}}'");
    let stage = shelf.stage(|_| {}).await;
    let progress = json!({
        "current": {"plugin": "tried", "failed_tries": 2},
        "ended": [{"plugin": "done", "metric": {"n": 9}, "output": "handed on"}],
        "storage": {"k": 7},
    });
    let more = json!({"retries": 2, "attempt": 2, "progress": progress});
    stage
        .desk
        .submit_plugins("job", &["done", "tried", "next"], &more);
    assert!(!stage.result("job").await.completed);
    let notes = stage.desk.notes("job");
    assert_eq!(told(&notes), ["+tried", "!tried", "+next", "next"]);
    let progress = last(&stage, "job");
    let ended = progress.ended;
    assert_eq!(json!(progress.storage), json!({"k": 7}));
    assert_eq!(
        ended[2].metric,
        Some(json!({"n": 1})),
        "it sees what the attempt before left"
    );
    assert_eq!(
        ended[0].metric,
        Some(json!({"n": 9})),
        "it did not run again"
    );
    assert_eq!(ended[1].failed_tries, 3, "it does not start counting anew");
    stage.end().await;
}

/// The next job that is given back because this executor cannot do it.
async fn abandoned(stage: &crate::stage::Stage) -> (String, String) {
    let next = |stage: &crate::stage::Stage| stage.desk.state().abandoned.pop();
    stage.until("it is given back", next).await
}

#[tokio::test]
async fn what_the_executor_lacks_is_no_failure_of_a_plugin() {
    let shelf = Shelf::new();
    shelf.counter("one", 1);
    let stage = shelf.stage(|_| {}).await;
    // Where no directory can be made.
    let work = stage.bed.path("data/work");
    stage
        .until("it registers", |stage| {
            stage.desk.state().registration.clone()
        })
        .await;
    std::fs::rename(&work, stage.bed.path("data/aside")).expect("it is moved");
    std::fs::write(&work, "").expect("a file");
    stage.desk.submit_plugins("job", &["one"], &json!({}));
    let (job, what) = abandoned(&stage).await;
    assert_eq!(job, "job");
    assert!(
        what.starts_with("the work directory cannot be made"),
        "{what}"
    );
    assert_eq!(told(&stage.desk.notes("job")), ["+one"]);
    std::fs::remove_file(&work).expect("a file");
    std::fs::rename(stage.bed.path("data/aside"), &work).expect("it is moved back");
    stage.end().await;
}

#[tokio::test]
async fn what_the_executor_lacks_for_a_summary_leaves_the_job_to_others() {
    let shelf = Shelf::new();
    let gate = shelf.0.path().join(".gate");
    let waits = format!(
        "while ! [ -e {} ]; do sleep 0.01; done; echo '{{\"metric\": {{\"n\": 1}}}}'",
        gate.display()
    );
    shelf.script("waits", "", &execute(&waits));
    let stage = shelf.stage(|_| {}).await;
    stage.desk.submit_plugins("job", &["waits"], &json!({}));
    let started = |stage: &crate::stage::Stage| (!stage.desk.notes("job").is_empty()).then_some(());
    stage.until("it runs", started).await;
    // The note of its end has to wait, and the summary with it.
    stage.desk.change(|state| state.away = true);
    std::fs::write(&gate, "").expect("a file");
    let ended = |stage: &crate::stage::Stage| (stage.left_behind() == 0).then_some(());
    stage.until("its process has ended", ended).await;
    let work = stage.bed.path("data/work");
    std::fs::rename(&work, stage.bed.path("data/aside")).expect("it is moved");
    std::fs::write(&work, "").expect("a file");
    stage.desk.change(|state| state.away = false);
    let (job, what) = abandoned(&stage).await;
    assert_eq!(job, "job");
    let begin = "the work directory cannot be made";
    assert!(what.starts_with(begin), "{what}");
    assert_eq!(told(&stage.desk.notes("job")), ["+waits", "waits"]);
    std::fs::remove_file(&work).expect("a file");
    std::fs::rename(stage.bed.path("data/aside"), &work).expect("it is moved back");
    stage.end().await;
}

#[tokio::test]
async fn an_executor_may_be_without_a_plugin() {
    let shelf = Shelf::new();
    for name in ["one", "two"] {
        shelf.counter(name, 1);
    }
    let without = |settings: &mut executor::Settings| {
        let plugins = settings.plugins.as_mut().expect("it has some");
        plugins.without = vec!["two".to_owned()];
    };
    let stage = shelf.stage(without).await;
    let told = |stage: &crate::stage::Stage| stage.desk.state().registration.clone();
    let told = stage.until("it registers", told).await.plugins;
    let names: Vec<_> = told.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["one"]);
    stage.end().await;
}

#[tokio::test]
async fn a_plugin_that_was_removed_after_the_claim_is_looked_for_elsewhere() {
    let shelf = Shelf::new();
    shelf.counter("one", 1);
    let stage = shelf.stage(|_| {}).await;
    stage
        .desk
        .submit_plugins("job", &["one", "two"], &json!({}));
    let (job, what) = abandoned(&stage).await;
    assert_eq!(
        (job.as_str(), what.as_str()),
        ("job", "it has no plugin `two` any more")
    );
    assert_eq!(told(&stage.desk.notes("job")), [""; 0], "nothing was begun");
    stage.end().await;
}

/// Takes an object with this field, or a plugin's output that has it.
fn takes(field: &str) -> String {
    let schema = format!("{{ type = \"object\", required = [\"{field}\"] }}\n");
    format!("[input]\nschema = {schema}output_schema = {schema}")
}

#[tokio::test]
async fn what_does_not_take_the_input_is_skipped_where_the_job_names_no_plugins() {
    let shelf = Shelf::new();
    let measure = execute("echo '{\"output\": {\"found\": 1}}'; echo '{\"metric\": {\"n\": 1}}'");
    shelf.script("other", &takes("other"), &measure);
    shelf.script("text", &takes("text"), &measure);
    // It takes what the one before it left.
    shelf.script("found", &takes("found"), &measure);
    shelf.counter("any", 2);
    let stage = shelf.stage(|_| {}).await;
    let plugins = ["other", "text", "found", "any"];
    let unnamed = json!({"input": {"text": "t"}, "skip_unfit": true});
    stage.desk.submit_plugins("unnamed", &plugins, &unnamed);
    let result = stage.result("unnamed").await;
    assert!(result.completed, "{result:?}");
    let turns = ["-other", "+text", "text", "+found", "found", "+any", "any"];
    assert_eq!(told(&stage.desk.notes("unnamed")), turns);
    let skipped = last(&stage, "unnamed").ended[0].clone();
    assert!(
        skipped
            .skipped
            .expect("a reason")
            .contains("\"other\" is a required")
    );
    assert_eq!((skipped.metric, skipped.error), (None, None));

    let named = json!({"input": {"text": "t"}});
    stage.desk.submit_plugins("named", &plugins, &named);
    let result = stage.result("named").await;
    let error = result.finish.error_message.expect("it failed");
    assert!(
        error.starts_with("plugin `other` failed: the input is not"),
        "{error}"
    );

    let nobody = json!({"input": 7, "skip_unfit": true});
    stage
        .desk
        .submit_plugins("nobody", &["other", "text"], &nobody);
    let result = stage.result("nobody").await;
    let error = result.finish.error_message.expect("it failed");
    assert!(
        error.starts_with("no plugin takes the input: `other`: "),
        "{error}"
    );
    assert_eq!(told(&stage.desk.notes("nobody")), ["-other", "-text"]);
    stage.end().await;
}

#[tokio::test]
async fn what_is_installed_while_the_executor_runs_is_told_to_the_server() {
    let shelf = Shelf::new();
    // The longest name that there is.
    let early = "e".repeat(64);
    shelf.counter(&early, 1);
    shelf.script("un-usable", "oops = 1\n", "");
    let stage = shelf.stage(|_| {}).await;
    let names = |stage: &crate::stage::Stage| {
        let state = stage.desk.state();
        let plugins = &state.registration.as_ref()?.plugins;
        let names = plugins
            .iter()
            .map(|one| (one.name.clone(), one.error.is_some()));
        Some(names.collect::<Vec<_>>())
    };
    let first = stage.until("it registers", names).await;
    assert_eq!(
        first,
        [(early.clone(), false), ("un-usable".to_owned(), true)]
    );
    let kinds = stage
        .desk
        .state()
        .registration
        .clone()
        .expect("it registered")
        .kinds;
    assert_eq!(kinds, ["job", "plugin_job"]);
    shelf.component("later", "", "");
    let wanted = ("later".to_owned(), false);
    stage
        .until("the new one is told", |stage| {
            names(stage)?.contains(&wanted).then_some(())
        })
        .await;
    stage
        .desk
        .submit_plugins("job", &["later", &early], &json!({}));
    assert!(stage.result("job").await.completed);
    stage.end().await;
}
