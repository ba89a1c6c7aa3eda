//! Playwright is asked which elements a locator matches and what they are like; we have to agree in every pair.
//!
//! It drives the same Chromium over the same pages, installed by npm from `oracle/package-lock.json`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use browser::{BrowserPage, ClickOptions, LoadState, Locator, find};
use serde::Deserialize;
use serde_json::json;
use tokio::{io::AsyncWriteExt, process::Command, task::JoinSet};

use crate::setup::{LONG, TestBrowser};

const PAGES: [&str; 9] = [
    "form", "text", "roles", "names", "shadow", "tables", "visible", "states", "frames",
];
/// Elements of one locator whose states are compared.
const SHOWN: usize = 4;
const TRIAL: Duration = Duration::from_millis(500);
/// For pairs that differ: on a busy machine an element may take longer to be ready.
const LONG_TRIAL: Duration = Duration::from_secs(5);
/// Pages that are visited at once.
const AT_ONCE: usize = 3;
/// Where some elements cannot be clicked. Each of those costs a trial.
const TRIED: [&str; 3] = ["states", "visible", "frames"];

#[derive(Debug, PartialEq, Deserialize)]
struct Answer {
    error: Option<String>,
    #[serde(default)]
    ids: Vec<Option<String>>,
    #[serde(default)]
    states: Vec<States>,
    clickable: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct States {
    visible: bool,
    enabled: bool,
    editable: bool,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracle")
}

/// Each page with each locator that is for it, and with every second one of those for every page: each of them is
/// asked on half of the pages. Another file than ours can be asked for, as with locators that were drawn at random; of
/// that all are asked everywhere.
fn pairs() -> Vec<(String, String)> {
    let other = std::env::var_os("ORACLE_LOCATORS").map(PathBuf::from);
    let share = if other.is_some() { 1 } else { 2 };
    let file = other.unwrap_or_else(|| directory().join("locators.txt"));
    let text = fs::read_to_string(file).unwrap();
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some(name) => section = String::from(name),
            None => sections
                .entry(section.clone())
                .or_default()
                .push(String::from(line)),
        }
    }
    let of = |name: &str| sections.get(name).cloned().unwrap_or_default();
    let mut pairs = Vec::new();
    for (number, page) in PAGES.into_iter().enumerate() {
        let common = of("every page").into_iter();
        let common = common.skip(number % share).step_by(share);
        let locators = common.chain(of(page));
        pairs.extend(locators.map(|locator| (String::from(page), locator)));
    }
    pairs
}

/// Installs Playwright where no other build looks, once for each lock file.
async fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("locator-oracle");
    fs::create_dir_all(&target).unwrap();
    let lock = fs::read(directory().join("package-lock.json")).unwrap();
    let installed = target.join("installed-lock.json");
    for name in ["package.json", "package-lock.json", "run.mjs"] {
        fs::copy(directory().join(name), target.join(name)).unwrap();
    }
    if fs::read(&installed).ok() != Some(lock.clone()) {
        let install = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&target)
            .status()
            .await;
        let status = install.expect("npm does not start: install the packages nodejs and npm");
        assert!(status.success(), "npm ci failed: {status}");
        fs::write(installed, lock).unwrap();
    }
    target
}

async fn playwright(url: &str, pairs: &[(String, String)], trial: Duration) -> Vec<Answer> {
    let directory = install().await;
    let mut node = Command::new("node")
        .arg("run.mjs")
        .current_dir(&directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node does not start: install the package nodejs");
    let program = find(None).unwrap();
    let trial_ms = u64::try_from(trial.as_millis()).unwrap();
    let input = json!({"url": url, "program": program, "pairs": pairs, "trialMs": trial_ms});
    let input = input.to_string();
    node.stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .await
        .unwrap();
    let output = node.wait_with_output().await.unwrap();
    assert!(
        output.status.success(),
        "Playwright failed: {}",
        output.status
    );
    let output = String::from_utf8(output.stdout).unwrap();
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn ours(page: &BrowserPage, name: &str, text: &str, trial: Duration) -> Answer {
    let failed = |error: String| Answer {
        error: Some(error),
        ids: Vec::new(),
        states: Vec::new(),
        clickable: None,
    };
    let locator = match text.parse::<Locator>() {
        Ok(locator) => locator,
        Err(error) => return failed(error.to_string()),
    };
    let ids = match page.all_attributes(&locator, "data-oracle", LONG).await {
        Ok(ids) => ids,
        Err(error) => return failed(error.to_string()),
    };
    let mut states = Vec::new();
    for index in 0..ids.len().min(SHOWN) {
        let one: Locator = format!("{text} >> nth={index}").parse().unwrap();
        let read = page.states(&one, LONG).await.unwrap().unwrap();
        states.push(States {
            visible: read.visible,
            enabled: read.enabled,
            editable: read.editable,
        });
    }
    let mut clickable = None;
    if TRIED.contains(&name) && ids.len() == 1 && states[0].visible {
        let options = ClickOptions {
            trial: true,
            timeout: trial,
            ..Default::default()
        };
        clickable = Some(page.click(&locator, &options).await.is_ok());
    }
    Answer {
        error: None,
        ids,
        states,
        clickable,
    }
}

async fn visit(
    page: BrowserPage,
    name: &'static str,
    url: String,
    texts: Vec<String>,
    trial: Duration,
) -> (&'static str, Vec<Answer>) {
    let mut answers = Vec::new();
    if !texts.is_empty() {
        page.navigate(&url, LoadState::Load, LONG).await.unwrap();
    }
    for text in texts {
        answers.push(ours(&page, name, &text, trial).await);
    }
    page.close().await.unwrap();
    (name, answers)
}

/// Our answers, in the order of the pairs.
async fn all_ours(test: &TestBrowser, pairs: &[(String, String)], trial: Duration) -> Vec<Answer> {
    let mut visits = JoinSet::new();
    let mut answers = BTreeMap::new();
    for name in PAGES {
        if visits.len() == AT_ONCE {
            let (name, own) = visits.join_next().await.unwrap().unwrap();
            answers.insert(name, own);
        }
        let page = test.context.new_page().await.unwrap();
        let url = test.site.url(&format!("/oracle/{name}.html"));
        let own = pairs.iter().filter(|(page, _)| page == name);
        let texts = own.map(|(_, text)| text.clone()).collect();
        visits.spawn(visit(page, name, url, texts, trial));
    }
    answers.extend(visits.join_all().await);
    let in_order = PAGES.iter().filter_map(|name| answers.remove(name));
    in_order.flatten().collect()
}

/// The pairs in which the two sides do not agree, with what each of them says.
async fn differing(
    test: &TestBrowser,
    pairs: &[(String, String)],
    trial: Duration,
) -> Vec<((String, String), String)> {
    let url = test.site.url("");
    let (theirs, ours) = tokio::join!(playwright(&url, pairs, trial), all_ours(test, pairs, trial));
    assert_eq!((theirs.len(), ours.len()), (pairs.len(), pairs.len()));
    let all = pairs.iter().zip(theirs.iter().zip(&ours));
    let differ = all.filter(|(_, (theirs, ours))| {
        let both_refuse = theirs.error.is_some() && ours.error.is_some();
        !both_refuse && theirs != ours
    });
    differ
        .map(|(pair, (theirs, ours))| {
            let (page, text) = pair;
            let report = format!("{page}: {text}\n  theirs: {theirs:?}\n  ours:   {ours:?}");
            (pair.clone(), report)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn playwright_agrees_in_every_pair() {
    let test = TestBrowser::start().await;
    let all = pairs();
    assert!(all.len() >= 500, "{} pairs", all.len());
    let mut differences = differing(&test, &all, TRIAL).await;
    if !differences.is_empty() {
        let again: Vec<_> = differences.into_iter().map(|(pair, _)| pair).collect();
        differences = differing(&test, &again, LONG_TRIAL).await;
    }
    let reports: Vec<String> = differences.into_iter().map(|(_, report)| report).collect();
    let (count, all) = (reports.len(), all.len());
    let text = reports.join("\n");
    assert!(reports.is_empty(), "{count} of {all} pairs differ:\n{text}");
    test.finish().await;
}
