//! Requests as Prometheus sees them.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// What is noted of requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Requests {
    answered: Family<AnswerLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let answered = Family::default();
        let seconds: Family<RouteLabels, Histogram, fn() -> Histogram> =
            // 100 us to 100 s: calls may wait for a minute.
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0001, 4.0, 11)));
        registry.register(
            "http_requests",
            "Requests answered",
            Family::clone(&answered),
        );
        registry.register_with_unit(
            "http_request",
            "Time until the answer's head; a call that waits for something waits",
            Unit::Seconds,
            seconds.clone(),
        );
        Self { answered, seconds }
    }
}

/// Measures one request. The route is the pattern that matched: a path of its own for each id
/// would be a series of its own.
pub(crate) async fn measure(
    State(requests): State<Requests>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let method = method(&request);
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let answer = next.run(request).await;
    let labels = RouteLabels {
        method,
        route: route.clone(),
    };
    requests
        .seconds
        .get_or_create(&labels)
        .observe(begun.elapsed().as_secs_f64());
    let labels = AnswerLabels {
        method,
        route,
        status: answer.status().as_u16(),
    };
    requests.answered.get_or_create(&labels).inc();
    answer
}

/// Anybody can make up methods; each would be a series.
fn method(request: &Request) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let method = request.method().as_str();
    KNOWN
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
