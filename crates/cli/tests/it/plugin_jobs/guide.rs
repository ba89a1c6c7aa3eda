//! The five minutes of `docs/plugins.md`, word for word: its files, its commands, its job.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tokio::runtime::Runtime;
use wire::{client::Client, plugin_jobs::NewPluginJob};

use crate::harness::{Server, code, exits, json, poll, stdout};

const PAGE: &str = include_str!("../../../../../docs/plugins.md");

/// The text before a block, the block's language, and the block.
struct Block {
    before: &'static str,
    language: &'static str,
    text: &'static str,
}

fn blocks() -> Vec<Block> {
    let mut sections = PAGE.split("\n## ");
    let section = sections.find(|section| section.starts_with("Five minutes"));
    let parts: Vec<&str> = section.expect("the section").split("```").collect();
    let (pairs, _) = parts.as_chunks::<2>();
    let blocks = pairs.iter().map(|[before, block]| {
        let (language, text) = block.split_once('\n').expect("a language");
        Block {
            before,
            language,
            text,
        }
    });
    blocks.collect()
}

/// What stands between two words of a text.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).expect("the beginning");
    rest.split_once(end).expect("the end").0
}

/// Runs a block as a reader does who has `playhouse` on the path.
fn run(server: &Server, block: &Block) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_playhouse"));
    let bin = binary.parent().expect("a directory").display();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-e", "-c", block.text])
        .env_clear()
        .env("PATH", format!("{bin}:/usr/bin:/bin"))
        .env("HOME", server.home())
        .env("PLAYHOUSE_SERVER", server.url())
        .current_dir(server.home());
    command.output().expect("the shell starts")
}

#[test]
fn the_guide_leads_to_a_plugin_and_a_job() {
    let server = Server::start(&["--with-executor"]);
    let blocks = blocks();
    let [manifest, program, commands, over_http, in_one] = &blocks[..] else {
        panic!("the guide has other blocks than this test knows");
    };
    for file in [manifest, program] {
        let name = file.before.rsplit('`').nth(1).expect("the file's name");
        let path = server.home().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, file.text).expect("a file");
    }
    assert_eq!((manifest.language, program.language), ("toml", "python"));

    let ran = run(&server, commands);
    exits(&ran, 0);
    let promised = between(over_http.before, "The metric is `", "`");
    let promised: Value = serde_json::from_str(promised).expect("JSON");
    let printed = stdout(&ran);
    let metric = printed.lines().last().expect("the metric");
    let metric: Value = serde_json::from_str(metric).expect("JSON");
    assert_eq!(metric, promised, "{printed}");

    // The executor notices it within some seconds.
    let submitted = poll("the job can be submitted", || {
        let submitted = run(&server, in_one);
        (code(&submitted) != Some(65)).then_some(submitted)
    });
    exits(&submitted, 0);
    assert_eq!(
        json(&submitted)["result"]["metrics"][0]["word-count"],
        promised
    );

    // As it is sent there, but not by `curl`, which not every machine has.
    let body = between(over_http.text, "-d '", "'");
    let new: NewPluginJob = serde_json::from_str(body).expect("a job");
    let runtime = Runtime::new().expect("a runtime starts");
    let client = Client::http(&server.url()).expect("the URL is good");
    let job = runtime.block_on(async {
        let created = client.create_plugin_job(&new, None).await?;
        client.start_plugin_job(&created.id, 10).await
    });
    let id = job.expect("the server answers").id;
    let metrics = poll("the job ends", || {
        let job = runtime.block_on(client.plugin_job(&id));
        Some(job.expect("the server answers").result?.metrics)
    });
    assert_eq!(metrics[0]["word-count"], promised);
}
