//! `http-probe`: whether addresses answer, how fast, and how long their certificates last.
//!
//! One request to each, no redirect followed. It goes wherever the input says: what an executor may
//! reach is decided by the executor that runs it.

mod input;
mod probe;
mod stream;
mod tls;

use std::time::Duration;

use analysis::{Analysis, Numbers, Unusable};
use futures_util::{StreamExt, stream as streams};
use serde_json::{Value, json};
use tokio::time::Instant;

use input::ProbeInput;
use probe::{Probe, Probed};

/// How long all probes together may take. It is less than the manifest's limit, so that there is an
/// answer about those that were reached.
const BUDGET: Duration = Duration::from_secs(110);

/// The call: an address, a list of them, or `{"urls": […], …}`; see [`ProbeInput`].
pub(crate) fn execute(input: &Value, _before: Option<&Value>) -> Result<Analysis, Unusable> {
    let input = ProbeInput::read(input)?;
    let roots = tls::Trust::new(input.ca.as_deref()).map_err(Unusable)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Unusable(format!("cannot start: {error}")))?;
    let probed = runtime.block_on(all(&input, &roots));
    // A name that is still being looked up must not hold the process up.
    runtime.shutdown_background();
    Ok(Analysis {
        metric: metric(&probed),
        output: None,
    })
}

async fn all(input: &ProbeInput, roots: &tls::Trust) -> Vec<Probed> {
    let end = Instant::now() + BUDGET;
    let probes = input.urls.iter().map(|url| async move {
        let deadline = end.min(Instant::now() + input.timeout);
        let probe = Probe {
            url,
            method: input.method.clone(),
            trust: roots,
        };
        probe.run(deadline).await
    });
    streams::iter(probes)
        .buffered(input.concurrency)
        .collect()
        .await
}

fn metric(probed: &[Probed]) -> Value {
    let ok = probed.iter().filter(|one| one.ok).count();
    let totals: Vec<f64> = probed
        .iter()
        .filter(|one| one.ok)
        .filter_map(|one| one.total_ms)
        .collect();
    let days = probed
        .iter()
        .filter_map(|one| one.tls.as_ref()?.expires_in_days)
        .min();
    #[expect(clippy::cast_precision_loss, reason = "a count of addresses")]
    let mean = (!totals.is_empty()).then(|| totals.iter().sum::<f64>() / totals.len() as f64);
    json!({
        "probed": probed.len(),
        "ok": ok,
        "failed": probed.len() - ok,
        "mean_total_ms": mean.map(probe::rounded),
        "slowest_total_ms": totals.iter().copied().reduce(f64::max),
        "first_expiry_days": days,
        "results": probed,
    })
}

/// Totals over several calls.
pub(crate) fn summarize(metrics: &[Value]) -> Value {
    const FIELDS: [&str; 6] = [
        "probed",
        "ok",
        "failed",
        "mean_total_ms",
        "slowest_total_ms",
        "first_expiry_days",
    ];
    let mut summary = Numbers(&FIELDS).of(metrics);
    summary.insert(String::from("calls"), json!(metrics.len()));
    Value::Object(summary)
}

#[cfg(test)]
mod tests;
