//! `plugin-job get` and `plugin-job list`.

use wire::{client::PluginJobFilter, plugin_jobs::Job};

use crate::{
    args::{ListPluginJobs, OneJob, word},
    commands::{connection, page},
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::{Table, or_dash},
};

pub(super) async fn list(list: ListPluginJobs) -> Result<Exit, Failure> {
    let client = connection::open(&list.address)?;
    let filter = PluginJobFilter {
        status: list.status.as_ref().map(word),
        limit: Some(list.page.limit),
        offset: Some(list.page.offset),
    };
    let jobs = client.plugin_jobs(&filter).await?;
    if list.format.json {
        print_json(&jobs)?;
        return Ok(Exit::OK);
    }
    if jobs.is_empty() {
        let everything = filter.status.is_none() && list.page.offset == 0;
        say(if everything {
            "no plugin jobs; submit one with `playhouse plugin-job submit --text TEXT`"
        } else {
            "no such plugin jobs"
        });
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
    page::print(&table, jobs.len(), list.page)?;
    Ok(Exit::OK)
}

pub(super) async fn get(get: OneJob) -> Result<Exit, Failure> {
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
    Table::of_fields(all)
}

fn plugins(job: &Job) -> Table {
    let mut table = Table::new(&["PLUGIN", "STATUS", "METRIC OR REASON"]);
    for name in &job.config.plugins {
        let metrics = job.result.iter().flat_map(|result| &result.metrics);
        let metric = metrics.filter_map(|metric| metric.get(name)).next();
        let mut errors = job.result.iter().flat_map(|result| &result.errors);
        let error = errors.find(|error| error.plugin == *name);
        let mut skipped = job.result.iter().flat_map(|result| &result.skipped);
        let skipped = skipped.find(|skipped| skipped.plugin == *name);
        let done = job.progress.completed_plugins.contains(name);
        let (status, what) = match (metric, error, skipped) {
            (Some(metric), ..) => ("completed", metric.to_string()),
            (None, Some(error), _) => ("failed", error.message.clone()),
            (None, None, Some(skipped)) => ("skipped", skipped.message.clone()),
            _ if done => ("completed", "-".to_owned()),
            _ if job.progress.current_plugin.as_ref() == Some(name) => ("running", "-".to_owned()),
            _ => ("-", "-".to_owned()),
        };
        table.row([name.clone(), status.to_owned(), what]);
    }
    table
}
