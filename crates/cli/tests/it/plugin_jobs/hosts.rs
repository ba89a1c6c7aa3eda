//! The same job on both hosts of plugins: a component measures what the shipped process measures.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wire::{client::Client, plugin_jobs::NewPluginJob};

use crate::{
    harness::{Server, exits, poll, poll_within},
    plugins::{PAIRS, built},
};

/// A component is compiled when it is installed and when an executor loads it, by code that is not
/// optimized in a test.
const COMPILED: Duration = Duration::from_secs(100);

/// Performs jobs, and answers what they left.
struct Jobs {
    runtime: Runtime,
    client: Client,
}

impl Jobs {
    /// Metrics and summaries in the order of the plugins.
    fn run(&self, plugins: &[&str], input: &Value) -> Vec<[Value; 2]> {
        let new = NewPluginJob {
            input: input.clone().into(),
            plugins: Some(plugins.iter().map(|&name| name.to_owned()).collect()),
            ..NewPluginJob::default()
        };
        let created = self.runtime.block_on(async {
            let created = self.client.create_plugin_job(&new, None).await?;
            self.client.start_plugin_job(&created.id, 0).await
        });
        let id = created.expect("it is started").id;
        let job = poll("the job ends", || {
            let job = self.runtime.block_on(self.client.plugin_job(&id));
            let job = job.expect("the server answers");
            job.result.is_some().then_some(job)
        });
        assert_eq!(job.progress.status, "completed", "{plugins:?}: {job:?}");
        let result = job.result.expect("it has ended");
        assert_eq!(result.metrics.len(), plugins.len());
        let left = plugins.iter().zip(result.metrics).map(|(&name, metric)| {
            let summary = result.summary.get(name).cloned();
            [metric[name].value(), summary.expect("a summary").value()]
        });
        left.collect()
    }
}

#[test]
fn the_same_job_gives_the_same_metrics_on_both_hosts() {
    let server = Server::start(&[]);
    for [_, component] in PAIRS {
        let folder = built().join(component).display().to_string();
        let installed = server.run(&["plugin", "install", &folder]);
        exits(&installed, 0);
    }
    let _worker = server.start_executor("worker", &[]);
    let jobs = Jobs {
        runtime: Runtime::new().expect("a runtime starts"),
        client: Client::http(&server.url()).expect("the URL is good"),
    };
    poll_within(COMPILED, "the executor has all of them", || {
        let plugins = jobs.runtime.block_on(jobs.client.plugins()).ok()?;
        let has = |name: &str| plugins.iter().any(|one| one.name == name);
        PAIRS
            .as_flattened()
            .iter()
            .all(|name| has(name))
            .then_some(())
    });
    let page = "<title>A &amp; B</title><h1>Zwei</h1><a href=/c>c</a><img><p>Ein paar W\u{f6}rter.";
    for input in [
        json!("The quick brown fox jumps over the lazy dog. Dr. Smith wasn't amused!"),
        json!("\u{fb}\u{feff}\u{1f469}\u{200d}\u{1f467} 1,234.5 <b>no"),
        json!({"text": "Both fields.", "html": page, "url": "https://example.org/"}),
    ] {
        for [served, component] in PAIRS {
            let left = jobs.run(&[served], &input);
            assert_eq!(left, jobs.run(&[component], &input), "{input}");
        }
    }
    // What the one leaves is measured by the other.
    let input = json!({"html": page});
    let [[text, text_component], [page, page_component]] = PAIRS;
    let left = jobs.run(&[page, text], &input);
    assert_eq!(left[1][0]["words"], 5, "{left:?}");
    assert_eq!(left, jobs.run(&[page_component, text_component], &input));
}
