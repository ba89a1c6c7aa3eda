//! An executor that says part by part how it performs plugin jobs: the end of each plugin and the begin of the
//! next one are one report, and so one commit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::{Value, json};
use wire::{
    client::{Client, Error},
    executors::{
        AdvanceRun, ClaimRuns, ClaimedRun, EndedPlugin, Exchange, PartReport, PluginInfo,
        Registration, ResultOutcome, RunResult, Stage,
    },
    plugin_jobs::NewPluginJob,
    runs::RunPart,
};

use super::{Ledger, Shared};

const EXECUTOR: &str = "parts";
/// Plugins of one job.
const PLUGINS: i64 = 8;
const PAUSE: Duration = Duration::from_millis(5);

fn plugin(number: i64) -> String {
    format!("plugin-{number}")
}

/// One job after the other; a job whose lease was lost is claimed again.
pub(super) async fn advance(client: Client, ledger: Shared, stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        // Whatever is lost then is found again by the next claim.
        let _ = turn(&client, &ledger, &stop).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Performs a job, or creates one if there is none.
async fn turn(client: &Client, ledger: &Shared, stop: &AtomicBool) -> Result<(), Error> {
    let info = |number| PluginInfo {
        name: plugin(number),
        version: "1".to_owned(),
        description: String::new(),
        order: number,
        enabled: true,
        host: None,
        metrics: Vec::new(),
        input_schema: None,
        error: None,
    };
    let registration = Registration {
        slots: 1,
        version: "1".to_owned(),
        isolation: "none".to_owned(),
        kinds: vec!["plugin_job".to_owned()],
        plugins: (1..=PLUGINS).map(info).collect(),
        ..Registration::default()
    };
    client.register(EXECUTOR, &registration).await?;
    let claim = Exchange {
        claim: Some(ClaimRuns {
            kinds: vec!["plugin_job".to_owned()],
            ..ClaimRuns::default()
        }),
        ..Exchange::default()
    };
    if let Some(run) = client.exchange(EXECUTOR, &claim).await?.runs.pop() {
        return perform(client, ledger, stop, &run).await;
    }
    let new = NewPluginJob {
        input: json!({"text": "parts"}).into(),
        plugins: Some((1..=PLUGINS).map(plugin).collect()),
        ..NewPluginJob::default()
    };
    let job = client.create_plugin_job(&new, None).await?;
    client.start_plugin_job(&job.id, 0).await.map(drop)
}

/// Goes on after the last plugin that ended, until all have, or the lease is lost.
async fn perform(
    client: &Client,
    ledger: &Shared,
    stop: &AtomicBool,
    run: &ClaimedRun,
) -> Result<(), Error> {
    let ended = check_run(&ledger.lock().expect("no panic"), &run.id, &run.parts);
    // Of a job whose plugins have all ended only the result is missing.
    let first = (ended < PLUGINS).then(|| part(ended + 1, None));
    let mut parts = Vec::from_iter(first);
    for number in ended + 1..=PLUGINS + 1 {
        let report = AdvanceRun {
            executor: EXECUTOR.to_owned(),
            token: run.token,
            parts,
            ..AdvanceRun::default()
        };
        // The same report again, until there is an answer.
        while let Err(error) = client.advance(&run.id, &report).await {
            if stop.load(SeqCst) || !error.is_transient() {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
        note(ledger, &run.id, &report);
        let metric = json!({"n": number, "token": run.token});
        parts = vec![part(number, Some(metric))];
        parts.extend((number < PLUGINS).then(|| part(number + 1, None)));
    }
    let result = RunResult::new(&run.id, run.token, ResultOutcome::Completed);
    let results = Exchange {
        results: vec![result],
        claim: None,
    };
    client.exchange(EXECUTOR, &results).await.map(drop)
}

/// A plugin began, or ended with a metric.
fn part(number: i64, metric: Option<Value>) -> PartReport {
    let ended = metric.map(|metric| EndedPlugin {
        metric: Some(metric.into()),
        ..EndedPlugin::default()
    });
    PartReport {
        number,
        name: plugin(number),
        path: String::new(),
        stage: ended.as_ref().map_or(Stage::Started, EndedPlugin::stage),
        tries: 1,
        body: ended.map(|ended| wire::JsonText::of(&ended)),
        event: None,
        abandons: false,
    }
}

/// The report was acknowledged.
fn note(ledger: &Shared, run: &str, report: &AdvanceRun) {
    let mut ledger = ledger.lock().expect("no panic");
    let ended = ledger.parts.entry(run.to_owned()).or_default();
    for part in &report.parts {
        if let Some(body) = &part.body {
            ended.insert(part.number, body.value()["metric"].clone());
        }
    }
    ledger.answered += 1;
}

/// What was acknowledged is there as it was; and of a report all is there or nothing: the begin of a plugin is
/// there if the end of the one before is. Answers how many plugins have ended.
fn check_run(ledger: &Ledger, run: &str, parts: &[RunPart]) -> i64 {
    let mut ended = 0;
    for (part, number) in parts.iter().zip(1..) {
        assert_eq!(part.number, number, "{run}: a part is missing: {parts:?}");
        if part.stage == Stage::Completed {
            assert_eq!(ended + 1, number, "{run}: {parts:?}");
            ended = number;
        }
    }
    let begun = i64::try_from(parts.len()).expect("few");
    let expected = match (ended, begun) {
        (0, 0) => 0,
        _ => PLUGINS.min(ended + 1),
    };
    assert_eq!(begun, expected, "{run}: half a report: {parts:?}");
    let acknowledged = ledger.parts.get(run).into_iter().flatten();
    for (number, metric) in acknowledged {
        let found = parts.iter().find(|part| part.number == *number);
        let found = found.map(|part| (part.stage, &part.body["metric"]));
        assert_eq!(found, Some((Stage::Completed, metric)), "{run}: {parts:?}");
    }
    ended
}

/// Checks every job; answers how many plugins ended.
pub(super) async fn check_parts(client: &Client, ledger: &Shared) -> usize {
    let runs: Vec<String> = {
        let ledger = ledger.lock().expect("no panic");
        ledger.parts.keys().cloned().collect()
    };
    let mut ended = 0;
    for run in runs {
        let parts = client.parts(&run, 0).await.expect("the run is there");
        ended += check_run(&ledger.lock().expect("no panic"), &run, &parts);
    }
    assert!(ended > 0, "no plugin ended");
    usize::try_from(ended).expect("not negative")
}
