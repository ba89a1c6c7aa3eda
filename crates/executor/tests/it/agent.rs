//! Jobs from their claim to their result: real programs, real downloads.

use std::{
    fs,
    time::{Duration, Instant},
};

use executor::{CancellationToken, Error, Isolation, Settings, Support, probe, run};
use serde_json::json;
use wire::executors::{AskedQuestion, MachineReport, Question, ResultOutcome};

use crate::{
    binaries::digest,
    test_dir::{count, eventually, runs, shim, unique_sleep},
    test_executor::TestExecutor,
};

#[tokio::test]
async fn an_idle_executor_answers_what_it_is_asked() {
    let executor = TestExecutor::new(|_| {}).await;
    let asked = [
        ("machine", Question::Doctor),
        ("strange", Question::Unknown),
    ];
    executor.server.change(|state| {
        state.questions.extend(asked.map(|(id, question)| {
            let id = id.to_owned();
            AskedQuestion { id, question }
        }));
    });
    let answered = |executor: &TestExecutor| executor.server.state().answers.len() == 2;
    executor.wait_for("both are answered", answered).await;
    let executor = executor.end().await;
    let answers = executor.server.state().answers.clone();
    for (id, query, body) in answers {
        if id == "strange" {
            assert!(query.starts_with("error=version"), "{query}");
            continue;
        }
        let report: MachineReport = serde_json::from_slice(&body).expect("a report");
        assert_eq!(report.isolation, "standard");
        assert!(report.parts.iter().any(|part| part.name == "landlock"));
        let disks: Vec<&str> = report.disks.iter().map(|disk| &*disk.name).collect();
        assert_eq!(disks, ["cache", "work"]);
        assert!(report.disks.iter().all(|disk| disk.total_bytes > 0));
    }
}

#[tokio::test]
async fn performs_jobs_and_reports_how_they_ended() {
    for isolation in [Isolation::None, Isolation::Standard, Isolation::Strict] {
        let executor = TestExecutor::new(|settings| settings.isolation = isolation).await;
        let script = "echo \"$1,$2,$X,$(pwd)\"; echo home >\"$HOME/f\"; echo tmp >\"$TMPDIR/f\"; \
                      echo bad >&2; ls";
        let more = json!({"arguments": ["a b", "*"], "env_variables": {"X": "1"}});
        executor.submit("good", script, more);
        executor.submit("three", "echo out; exit 3", json!({}));
        executor.submit("segv", "kill -SEGV $$", json!({}));
        let good = executor.result("good").await;
        assert!(good.completed(), "{good:?}");
        let home = executor.dir.path("data/work");
        let expected = format!("a b,*,1,{}/attempt-", home.display());
        assert!(good.stdout.starts_with(&expected), "{}", good.stdout);
        assert!(good.stdout.ends_with("/home\nf\n"), "{}", good.stdout);
        assert_eq!((good.stderr.as_str(), good.exit_code), ("bad\n", Some(0)));
        assert_eq!((good.token, good.error_message), (1, None));
        assert_eq!(executor.log("good", "stdout"), good.stdout);
        assert_eq!(executor.log("good", "stderr"), "bad\n");

        let three = executor.result("three").await;
        assert!(!three.completed());
        assert_eq!(three.exit_code, Some(3));
        assert_eq!(three.error_message.as_deref(), Some("exited with code 3"));
        let segv = executor.result("segv").await;
        assert_eq!(segv.exit_code, Some(139));
        let message = segv.error_message;
        assert_eq!(message.as_deref(), Some("killed by signal 11 (SIGSEGV)"));

        let registration = executor.registration().await;
        assert_eq!(registration.slots, 4);
        assert_eq!(registration.isolation, isolation.to_string());
        assert_eq!(registration.isolation_missing, Vec::<String>::new());
        executor.end().await;
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_had_or_started_fails_its_job() {
    let executor = TestExecutor::new(|_| {}).await;
    let sha256 = digest(b"wanted").to_string();
    let wrong = executor.programs.put("file", "wrong", "something else");
    executor.server.submit("wrong", &wrong, &sha256, &json!({}));
    executor.server.submit("hash", &wrong, "abc", &json!({}));
    let junk = executor.programs.put("file", "junk", "no program");
    executor.server.submit(
        "junk",
        &junk,
        &digest(b"no program").to_string(),
        &json!({}),
    );
    for (id, reason) in [
        (
            "wrong",
            format!("expected {sha256}, got {}", digest(b"something else")),
        ),
        (
            "hash",
            "binary download failed: `abc` is not 64 hexadecimal digits".to_owned(),
        ),
        (
            "junk",
            "the program cannot be started: it is neither a script".to_owned(),
        ),
    ] {
        let result = executor.result(id).await;
        assert!(!result.completed());
        assert_eq!(result.exit_code, Some(-1));
        let message = result.error_message.expect("a reason");
        assert!(message.contains(&reason), "{message}");
        assert!(result.stderr.contains(&reason));
    }
    executor.end().await;
}

#[tokio::test]
async fn a_job_is_stopped_when_it_is_cancelled_or_its_time_is_up() {
    let executor =
        TestExecutor::new(|settings| settings.cancel_grace = Duration::from_millis(100)).await;
    let sleep = unique_sleep();
    let deaf = format!("trap '' TERM; setsid sleep {sleep} & echo ready; wait; sleep {sleep}");
    executor.submit("cancelled", &deaf, json!({}));
    executor.submit(
        "late",
        "echo ready; sleep 9000",
        json!({"timeout_seconds": 1}),
    );
    executor
        .wait_for("it prints", |executor| {
            executor.log("cancelled", "stdout").starts_with("ready")
        })
        .await;
    executor.server.cancel("cancelled");
    let cancelled = executor.result("cancelled").await;
    assert!(!runs(&sleep));
    assert_eq!(cancelled.error_message.as_deref(), Some("cancelled"));
    assert!(!cancelled.completed());
    assert_eq!(cancelled.exit_code, Some(137));
    assert_eq!(cancelled.stdout, "ready\n");
    let late = executor.result("late").await;
    assert_eq!(late.error_message.as_deref(), Some("timed out after 1 s"));
    assert_eq!(late.outcome, ResultOutcome::TimedOut);
    assert_eq!(late.exit_code, Some(143));

    let url = executor.programs.put("hang", "hang", "never comes");
    executor.server.submit(
        "fetching",
        &url,
        &digest(b"never comes").to_string(),
        &json!({}),
    );
    executor
        .wait_for("it is fetched", |executor| {
            executor.programs.requests("hang") > 0
        })
        .await;
    executor.server.cancel("fetching");
    let fetching = executor.result("fetching").await;
    assert_eq!(fetching.error_message.as_deref(), Some("cancelled"));
    executor.end().await;
}

#[tokio::test]
async fn the_time_of_a_job_begins_with_its_claim_and_not_with_its_program() {
    let executor = TestExecutor::new(|_| {}).await;
    let url = executor.programs.put("hang", "hang", "never comes");
    let sha256 = digest(b"never comes").to_string();
    let more = json!({"timeout_seconds": 1});
    executor.server.submit("fetching", &url, &sha256, &more);
    let fetching = executor.result("fetching").await;
    assert_eq!(fetching.outcome, ResultOutcome::TimedOut);
    assert_eq!(
        fetching.error_message.as_deref(),
        Some("timed out after 1 s while its program was fetched")
    );
    assert_eq!(fetching.exit_code, Some(-1));
    executor.end().await;
}

#[tokio::test]
async fn a_job_that_this_executor_cannot_perform_is_left_to_others() {
    let executor = TestExecutor::new(|_| {}).await;
    executor.submit("first", "echo first", json!({}));
    executor.result("first").await;
    executor.remove_work_dir();
    executor.submit("second", "echo second", json!({}));
    let began = Instant::now();
    let (job, what) = executor.abandoned().await;
    assert_eq!(job, "second");
    assert!(
        what.starts_with("the work directory cannot be made"),
        "{what}"
    );
    executor.restore_work_dir();
    // It is not the first to take the next one, and goes on afterwards.
    executor.submit("third", "echo third", json!({}));
    assert_eq!(executor.result("third").await.stdout, "third\n");
    assert!(began.elapsed() >= Duration::from_secs(4), "it paused");
    let executor = executor.end().await;
    assert!(executor.server.result("second").is_none());
}

#[tokio::test]
async fn a_program_that_closes_its_output_runs_on() {
    let executor = TestExecutor::new(|_| {}).await;
    let script = "echo before; exec >&- 2>&-; sleep 0.3; touch \"$HOME/x\" && exit 7";
    executor.submit("closed", script, json!({}));
    let closed = executor.result("closed").await;
    assert_eq!(closed.exit_code, Some(7));
    assert_eq!(closed.stdout, "before\n");
    assert_eq!(closed.stderr, "");
    executor.end().await;
}

#[tokio::test]
async fn an_executor_whose_key_is_refused_kills_what_it_runs_and_ends() {
    let executor = TestExecutor::new(|_| {}).await;
    let sleep = unique_sleep();
    executor.submit(
        "running",
        &format!("trap '' TERM; sleep {sleep}"),
        json!({}),
    );
    executor.sees(&sleep, true).await;
    executor.server.change(|state| state.refuses = true);
    let error = executor.failed().await;
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(!runs(&sleep));
}

#[tokio::test]
async fn a_job_that_kills_its_shim_fails_and_leaves_no_process_behind() {
    let executor = TestExecutor::new(|settings| settings.isolation = Isolation::None).await;
    let sleep = unique_sleep();
    // In the directory, with the directory in the environment, and one that is deaf to politeness.
    let script = format!(
        "setsid env -i sleep {sleep} &\n\
         (cd / && setsid env HOME=/ sleep {sleep} &)\n\
         (setsid sh -c 'trap \"\" TERM HUP; while :; do sleep {sleep}; done' &)\n\
         echo ready; until [ -e {gate} ]; do sleep 0.02; done; kill -9 $PPID; sleep {sleep}",
        gate = executor.dir.path("gate").display()
    );
    executor.submit("killer", &script, json!({}));
    executor.printed("killer", "ready\n").await;
    eventually("all of it runs", || count(&sleep) == 3);
    fs::write(executor.dir.path("gate"), "").expect("a file");
    let killer = executor.result("killer").await;
    assert!(!killer.completed());
    let message = killer.error_message.as_deref();
    assert_eq!(message, Some("the shim was killed"));
    assert_eq!(killer.stdout, "ready\n");
    assert_eq!(killer.stderr, "the shim was killed\n");
    assert_eq!(count(&sleep), 0, "a process outlived its job");
    executor.end().await;
}

#[tokio::test]
async fn slots_are_filled_and_never_overfilled_and_results_go_in_batches() {
    const JOBS: usize = 200;
    let executor = TestExecutor::new(|settings| settings.slots = 24).await;
    for number in 0..JOBS {
        let program = "#!/bin/sh\nexit 0\n";
        let url = executor.programs.put("file", "same", program);
        let sha256 = digest(program.as_bytes()).to_string();
        executor
            .server
            .submit(&format!("job-{number}"), &url, &sha256, &json!({}));
    }
    executor
        .wait_for("all are done", |executor| {
            executor.server.state().results.len() == JOBS
        })
        .await;
    assert_eq!(executor.programs.requests("same"), 1);
    let executor = executor.end().await;
    let state = executor.server.state();
    // Those that wait to be reported are held, too, up to the number of slots.
    assert!(
        (2..=48).contains(&state.most_held),
        "{} at once",
        state.most_held
    );
    assert!(state.report_calls < JOBS, "{} calls", state.report_calls);
}

#[tokio::test]
async fn a_second_executor_in_the_same_directories_is_refused() {
    let executor = TestExecutor::new(|_| {}).await;
    executor.registration().await;
    let settings = Settings::new("second", executor.dir.path("data"), shim());
    let refused = run(executor.server.client(), settings, CancellationToken::new()).await;
    assert!(
        matches!(refused, Err(Error::Directory { .. })),
        "{refused:?}"
    );
    executor.end().await;
}

#[tokio::test]
async fn a_job_that_takes_too_much_memory_is_killed_or_the_limit_is_named_as_missing() {
    const LIMIT: u64 = 64 << 20;
    let limited = |isolation| {
        move |settings: &mut Settings| {
            settings.isolation = isolation;
            settings.memory_limit_bytes = Some(LIMIT);
            settings.cpu_limit = Some(1.5);
        }
    };
    let executor = TestExecutor::new(limited(Isolation::Standard)).await;
    let missing = executor.registration().await.isolation_missing;
    let findings = probe(&Settings::new("probe", executor.dir.path("probe"), shim()));
    for name in ["memory limit", "processor limit"] {
        let finding = findings.iter().find(|finding| finding.name == name);
        assert_eq!(
            finding.expect("it is looked at").support == Support::Full,
            !missing.iter().any(|one| one.starts_with(name)),
            "{findings:?} {missing:?}"
        );
    }
    let reason = missing.iter().find(|one| one.starts_with("memory limit: "));
    if let Some(reason) = reason {
        // This machine cannot: that is told, and enough for `strict` to run nothing.
        let strict = TestExecutor::new(limited(Isolation::Strict)).await;
        let message = strict.failed().await.to_string();
        assert!(message.starts_with("strict isolation is not possible here: "));
        assert!(missing.iter().any(|one| message.ends_with(one)), "{reason}");
    } else {
        executor.submit("greedy", "exec tail /dev/zero", json!({}));
        let greedy = executor.result("greedy").await;
        let expected =
            format!("killed by signal 9 (SIGKILL): out of memory, the limit is {LIMIT} bytes");
        assert_eq!(greedy.error_message, Some(expected));
        executor.submit("child", "tail /dev/zero; exit $?", json!({}));
        let child = executor.result("child").await;
        let expected = format!(
            "exited with code 137; the memory limit of {LIMIT} bytes killed processes of it"
        );
        assert_eq!(child.error_message, Some(expected));
    }
    executor.submit("modest", "echo fine", json!({}));
    assert_eq!(executor.result("modest").await.stdout, "fine\n");
    executor.end().await;
}

#[tokio::test]
async fn strict_runs_nothing_where_a_part_is_missing() {
    let executor = TestExecutor::new(|settings| {
        settings.isolation = Isolation::Strict;
        // Applies nothing.
        settings.shim = vec!["/bin/false".into()];
    })
    .await;
    let server = executor.server.clone();
    let message = executor.failed().await.to_string();
    let expected = "strict isolation is not possible here: resource limits: the shim does not work";
    assert!(message.starts_with(expected), "{message}");
    assert!(server.state().registration.is_none(), "it takes no work");
}
