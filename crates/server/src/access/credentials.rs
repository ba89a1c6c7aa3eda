//! What a request shows of itself: a key or a ticket.

use axum::{
    extract::Request,
    http::{HeaderMap, Uri, header, uri::PathAndQuery},
};
use url::form_urlencoded;

/// Browsers cannot give headers to a WebSocket, so its key may stand in the query.
const SOCKETS: &str = "/ws/";

/// A secret that a request shows.
pub(super) enum Credentials {
    Key(String),
    Ticket(String),
    Nothing,
}

/// Takes the secret out of a request: whatever sees the request later does not see it.
pub(super) fn take(request: &mut Request) -> Credentials {
    let credentials = in_headers(request.headers());
    for name in [header::AUTHORIZATION.as_str(), API_KEY] {
        request.headers_mut().remove(name);
    }
    let in_query = if request.uri().path().starts_with(SOCKETS) {
        from_query(request)
    } else {
        Credentials::Nothing
    };
    credentials.map_or(in_query, Credentials::Key)
}

const API_KEY: &str = "x-api-key";

/// What is not even text is a wrong key, not none.
fn in_headers(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap_or("not text").trim().to_owned())
    };
    text(API_KEY).or_else(|| {
        let value = text(header::AUTHORIZATION.as_str())?;
        let (scheme, key) = value.split_once(' ').unwrap_or((&value, ""));
        // Another scheme is no key of ours, but it is meant as one.
        let key = if scheme.eq_ignore_ascii_case("bearer") {
            key
        } else {
            ""
        };
        Some(key.trim().to_owned())
    })
}

fn from_query(request: &mut Request) -> Credentials {
    let mut credentials = Credentials::Nothing;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()) {
        match &*name {
            "api_key" => credentials = Credentials::Key(value.into_owned()),
            "ticket" => credentials = Credentials::Ticket(value.into_owned()),
            _ => {
                rest.append_pair(&name, &value);
            }
        }
    }
    if !matches!(credentials, Credentials::Nothing) {
        strip(request.uri_mut(), &rest.finish());
    }
    credentials
}

fn strip(uri: &mut Uri, query: &str) {
    let text = match query {
        "" => uri.path().to_owned(),
        query => format!("{}?{query}", uri.path()),
    };
    let mut parts = uri.clone().into_parts();
    // What was parsed and written again can be parsed.
    parts.path_and_query = text.parse::<PathAndQuery>().ok();
    if let Ok(stripped) = Uri::from_parts(parts) {
        *uri = stripped;
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};

    use super::{Credentials, take};

    fn credentials(uri: &str, headers: &[(&str, &str)]) -> (Option<String>, String) {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        let credentials = match take(&mut request) {
            Credentials::Key(key) => Some(key),
            Credentials::Ticket(ticket) => Some(format!("ticket {ticket}")),
            Credentials::Nothing => None,
        };
        assert!(request.headers().get("x-api-key").is_none());
        assert!(request.headers().get("authorization").is_none());
        (credentials, request.uri().to_string())
    }

    #[test]
    fn a_key_is_found_where_it_may_stand_and_taken_away() {
        let some = |text: &str| Some(text.to_owned());
        let found = |headers: &[(&str, &str)]| credentials("/api/v1/jobs", headers).0;
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("x-api-key", " k ")]), some("k"));
        assert_eq!(found(&[("authorization", "bearer k")]), some("k"));
        assert_eq!(found(&[("authorization", "Basic dTpw")]), some(""));
        let both = [("authorization", "Bearer a"), ("x-api-key", "b")];
        assert_eq!(found(&both), some("b"));
        let (key, uri) = credentials("/ws/events?after=1&api_key=k%5F1&x=%C3%A9", &[]);
        assert_eq!(key, some("k_1"));
        assert_eq!(uri.as_str(), "/ws/events?after=1&x=%C3%A9");
        let (key, uri) = credentials("/ws/events?ticket=t", &[]);
        assert_eq!((key, uri.as_str()), (some("ticket t"), "/ws/events"));
        // Elsewhere the query is no place for a key: it would end up in logs.
        let (key, uri) = credentials("/api/v1/jobs?api_key=k", &[]);
        assert_eq!((key, uri.as_str()), (None, "/api/v1/jobs?api_key=k"));
    }
}
