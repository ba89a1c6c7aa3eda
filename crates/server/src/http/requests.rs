//! What log lines say of the request that they belong to: its id, and the run that it is about.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Uri},
    middleware::Next,
    response::Response,
};
use engine::RunId;
use tracing::{Instrument, Span, field};
use uuid::Uuid;

use super::protection::protect;
use crate::refusal::Contract;

/// The header that tells a caller what its request is called in the log.
const HEADER: &str = "x-request-id";

/// The contract of a path.
pub(crate) type ContractOf = fn(&str) -> &'static Contract;

/// A request whose path ends with a slash is the one without: some clients write it so.
pub(crate) fn without_slash(mut request: Request) -> Request {
    let uri = request.uri();
    // A name of a file in the path is refused when it ends so.
    let without = uri.path().strip_suffix('/');
    let without = without.filter(|path| !path.is_empty() && !path.contains("/artifacts/"));
    if let Some(path) = without {
        let text = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let mut parts = uri.clone().into_parts();
        // A piece of a path is a path.
        parts.path_and_query = text.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Gives a request its name, and the log lines about it too. The query is left out: it may hold a key.
/// What no route has answered is written in the form of the path's contract.
pub(crate) async fn name(
    State(contract_of): State<ContractOf>,
    request: Request,
    next: Next,
) -> Response {
    let id = Uuid::now_v7();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    // An error's, so that a line of any level has it.
    let span = tracing::error_span!("request", request_id = %id, route, run_id = field::Empty);
    if let Some(run) = run_in(&route, request.uri().path()) {
        about(&span, run);
    }
    let contract = contract_of(request.uri().path());
    let answer = async {
        let mut answer = contract.render(next.run(request).await);
        tracing::debug!(status = answer.status().as_u16(), "answered");
        protect(answer.headers_mut());
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            answer.headers_mut().insert(HEADER, id);
        }
        answer
    };
    answer.instrument(span).await
}

fn about(span: &Span, run: RunId) {
    span.record("run_id", field::display(run));
}

/// The run that stands in a path.
fn run_in(route: &str, path: &str) -> Option<RunId> {
    let place = route.split('/').position(|segment| segment == "{id}")?;
    path.split('/').nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::run_in;

    #[test]
    fn the_run_stands_where_the_route_has_an_id() {
        let id = "018cc4e5-2200-7000-8000-000000000001";
        let found = |path: &str| run_in("/api/v1/jobs/{id}/logs", path).map(|run| run.to_string());
        assert_eq!(
            found(&format!("/api/v1/jobs/{id}/logs")).as_deref(),
            Some(id)
        );
        assert_eq!(found("/api/v1/jobs/itk_secret/logs"), None);
        assert_eq!(run_in("/api/keys", &format!("/{id}")), None);
    }
}
