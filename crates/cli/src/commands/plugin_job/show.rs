//! `plugin-job get` and `plugin-job list`.

use wire::plugin_jobs::Job;

use crate::{
    args::{GetPlugins, ListPluginJobs},
    commands::connection,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash},
};

pub(super) async fn list(list: ListPluginJobs) -> Result<Exit, Failure> {
    let client = connection::open(&list.address)?;
    let jobs = client.plugin_jobs(list.limit, list.offset).await?;
    if list.format.json {
        print_json(&jobs)?;
        return Ok(Exit::OK);
    }
    if jobs.is_empty() {
        say("no plugin jobs; submit one with `playhouse plugin-job submit --input FILE`");
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["ID", "STATUS", "CREATED", "ENDED", "PLUGINS"]);
    for job in &jobs {
        let status = if job.cancelled {
            "cancelled"
        } else {
            &job.status
        };
        table.row([
            job.id.clone(),
            status.to_owned(),
            job.created_at.to_string(),
            or_dash(job.end_time),
            job.plugins.join(" "),
        ]);
    }
    print_bytes(table.text().as_bytes())?;
    if u32::try_from(jobs.len()).is_ok_and(|count| count == list.limit) {
        let next = list.offset.saturating_add(list.limit);
        say(&format!("there may be more: --offset {next}"));
    }
    Ok(Exit::OK)
}

pub(super) async fn get(get: GetPlugins) -> Result<Exit, Failure> {
    let job = connection::open(&get.address)?.plugin_job(&get.id).await?;
    if get.format.json {
        print_json(&job)?;
        return Ok(Exit::OK);
    }
    let mut text = fields(&job).text();
    text.push('\n');
    text.push_str(&plugins(&job).text());
    print_bytes(text.as_bytes())?;
    Ok(Exit::OK)
}

fn fields(job: &Job) -> Table {
    let progress = &job.progress;
    let status = if progress.cancelled {
        "cancelled"
    } else {
        &progress.status
    };
    let all = [
        ("id", Some(job.id.clone())),
        ("status", Some(status.to_owned())),
        ("error", progress.error.clone()),
        ("time limit", Some(format!("{} ms", job.config.timeout))),
        (
            "retries",
            Some(format!("{} of {} a plugin", job.retries, job.max_retries)),
        ),
        ("created", Some(job.created_at.to_string())),
        ("started", Some(progress.start_time.to_string())),
        ("ended", progress.end_time.map(|time| time.to_string())),
    ];
    let mut table = Table::bare();
    for (name, value) in all {
        if let Some(value) = value {
            table.row([name.to_owned(), value]);
        }
    }
    table
}

fn plugins(job: &Job) -> Table {
    let mut table = Table::new(&["PLUGIN", "STATUS", "METRIC OR ERROR"]);
    for name in &job.config.plugins {
        let metrics = job.result.iter().flat_map(|result| &result.metrics);
        let metric = metrics.filter_map(|metric| metric.get(name)).next();
        let mut errors = job.result.iter().flat_map(|result| &result.errors);
        let error = errors.find(|error| error.plugin == *name);
        let done = job.progress.completed_plugins.contains(name);
        let (status, what) = match (metric, error) {
            (Some(metric), _) => ("completed", metric.to_string()),
            (None, Some(error)) => ("failed", error.message.clone()),
            _ if done => ("completed", "-".to_owned()),
            _ if job.progress.current_plugin.as_ref() == Some(name) => ("running", "-".to_owned()),
            _ => ("-", "-".to_owned()),
        };
        table.row([name.clone(), status.to_owned(), what]);
    }
    table
}
