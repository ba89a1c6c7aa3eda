//! The router with a certificate, and what it counts.

use serde_json::json;

use super::{TestPlaygrounds, bench::request};
use crate::harness::free_port;

const WEB: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www']
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";

#[test]
fn services_have_https_and_counters() {
    let certificates = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../router/tests/it/certificates/wildcard"
    );
    let (secure, metrics) = (free_port(), free_port());
    let test = TestPlaygrounds::start_with(&[
        format!("--router-https=127.0.0.1:{secure}"),
        format!("--router-certificate={certificates}.pem"),
        format!("--router-key={certificates}.key"),
        format!("--router-metrics=127.0.0.1:{metrics}"),
    ]);
    let spec = test.playspec("secure", WEB);
    let id = test.create("secure", spec, &json!({}));
    test.becomes(id, "running");
    let body = test.get(&format!("/api/playgrounds/{id}")).json();
    let url = body["service_urls"][0]["url"].as_str().expect("a URL");
    assert_eq!(url, format!("https://web.localhost:{secure}"));

    let curl = |url: &str, more: &[&str]| {
        let output = std::process::Command::new("curl")
            .args(["--silent", "--show-error", "--insecure", "--max-time", "20"])
            .args(more)
            .arg(url)
            .output()
            .expect("curl starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let there = format!("web.localhost:{secure}:127.0.0.1");
    assert_eq!(curl(url, &["--resolve", &there]).trim(), "hello");
    let scraped = request(metrics, "localhost", "GET", "/metrics", None).expect("counters");
    let line = format!("router_responses_total{{route=\"{id}/web\",status=\"2xx\"}} 1");
    assert!(scraped.body.contains(&line), "{}", scraped.body);
    test.destroy(id);
}
