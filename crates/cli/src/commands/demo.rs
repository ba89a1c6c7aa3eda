//! The demo job of `dev`: a real program on the ordinary path of upload, submit and follow.

use std::{collections::BTreeMap, time::Duration};

use wire::{
    client::{Client, Payload},
    jobs::NewJob,
};

use super::{
    job,
    outcome::{AnyJob, JobOutcome},
    place,
    run::Show,
};
use crate::{
    args::DEFAULT_SERVER,
    exit::{Exit, Failure},
    output::say,
};

const PROGRAM: &[u8] = include_bytes!("demo.sh");
/// The server is in this process: it does not stay away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the demo, tells how it ended and what to try next.
pub(super) async fn run(client: Client, address: String) {
    match perform(&client, &address).await {
        Ok(outcome) if outcome.exit == Exit::OK => {
            say(&format!(
                "The demo job {}.\n\n{}",
                outcome.text,
                next(&address)
            ));
        }
        Ok(outcome) => {
            let program = place::program_name();
            say(&format!("The demo job {}.", outcome.text));
            say(&format!(
                "`{program} doctor` tells what this machine lacks.\n\n{}",
                next(&address)
            ));
        }
        Err(failure) => say(&format!(
            "The demo job could not be run.\n{}",
            failure.text()
        )),
    }
}

async fn perform(client: &Client, address: &str) -> Result<JobOutcome, Failure> {
    let uploaded = client.upload(Payload::Bytes(PROGRAM.into())).await?;
    let sha256 = uploaded.binary_sha256.clone();
    let job = NewJob {
        job_type: "demo".to_owned(),
        binary_url: uploaded.binary_url,
        binary_sha256: uploaded.binary_sha256,
        arguments: Some(vec!["world".to_owned()]),
        priority: "foreground".to_owned(),
        labels: Some(BTreeMap::from([("demo".to_owned(), "true".to_owned())])),
        ..NewJob::default()
    };
    // Starting again shows the same job again: the key covers everything that may differ.
    let key = format!("demo {sha256} {address}");
    let submitted = client.submit(&job, Some(&key)).await?;
    let id = submitted.id.as_str();
    say(&format!("Demo job {id}:"));
    let job = job::ended(client, id, Show::Aside, PATIENCE).await?;
    Ok(job.outcome())
}

fn next(address: &str) -> String {
    let program = place::program_name();
    let flag = match address {
        DEFAULT_SERVER => String::new(),
        address => format!(" --server {address}"),
    };
    format!(
        "Try next, in another terminal:\n  \
         {program} job submit{flag} /bin/echo -- hello\n  \
         {program} job list{flag}\n  \
         {program} playbook run{flag} tour.yaml\n  \
         {program} playbook run{flag} gated-job.yaml\n  \
         {program} plugin-job submit{flag} --plugin text-stats --text 'to be or not to be'\n  \
         curl {address}/api/v1/admin/stats\n\
         Ctrl-C stops the server; its jobs stay where they are."
    )
}
