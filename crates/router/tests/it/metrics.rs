//! Counters of routes, and the end of the router.

use std::time::Duration;

use crate::{
    backend::Backend,
    world::{client, eventually, get, install, route, router},
};

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(
        &router,
        [route("web", &[web.address]), route("api", &[web.address])],
    );
    for path in ["/", "/", "/full"] {
        get(&router, "web.localhost", path).await;
    }
    let metrics = router.metrics();
    assert_eq!(metrics.routes["web"].responses, [0, 2, 0, 1, 0]);
    assert_eq!(metrics.routes["web"].latency.iter().sum::<u64>(), 3);
    assert!(metrics.routes["web"].latency_seconds > 0.0);
    assert_eq!(metrics.routes["api"].responses, [0; 5]);
    let text = metrics.to_prometheus();
    for line in [
        "# TYPE router_responses_total counter",
        "router_responses_total{route=\"web\",status=\"2xx\"} 2",
        "router_responses_total{route=\"web\",status=\"4xx\"} 1",
        "# TYPE router_latency_seconds histogram",
        "router_latency_seconds_bucket{route=\"web\",le=\"+Inf\"} 3",
        "router_latency_seconds_count{route=\"web\"} 3",
        "router_held_total{route=\"web\"} 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
    // A table that keeps the route keeps its counters.
    install(&router, [route("web", &[])]);
    assert_eq!(router.metrics().routes["web"].responses, [0, 2, 0, 1, 0]);
    assert_eq!(router.metrics().routes.len(), 1);
}

#[tokio::test]
async fn a_shutdown_waits_for_requests_and_cuts_what_is_left() {
    let web = Backend::start("web").await;
    let router = router().await;
    install(&router, [route("web", &[web.address])]);
    let address = router.http_addresses()[0];
    let mut idle = client(&router).await;
    idle.get("web.localhost", "/").await;
    let mut slow = client(&router).await;
    slow.send("GET /slow HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    let mut events = client(&router).await;
    events
        .send("GET /events HTTP/1.1\r\nHost: web.localhost\r\n\r\n")
        .await;
    events.head().await;
    eventually("the requests", || web.requests() == 3).await;
    let app = std::sync::Arc::clone(&web.app);
    let (cut, answer) = tokio::join!(router.shutdown(Duration::from_secs(1)), async {
        assert_eq!(idle.rest().await, "");
        app.release.add_permits(1);
        slow.answer().await
    });
    assert_eq!(answer.body, "web");
    assert_eq!(cut, 1);
    events.rest().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    eventually("the end of the stream", || {
        app.ended.load(std::sync::atomic::Ordering::SeqCst) == 3
    })
    .await;
}
