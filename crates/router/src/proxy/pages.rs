//! The router's own answers, in the format that the caller reads.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use super::headers::X_REQUEST_ID;
use crate::{table::RouteState, upstream::ResponseBody};

const TEMPLATE: &str = include_str!("page.html");

/// An answer of the router itself.
pub(super) struct StatusPage {
    status: StatusCode,
    title: &'static str,
    text: String,
    /// After how many seconds it is worth to ask again.
    retry_after: Option<u16>,
}

/// Who reads a page: taken from the request before it is sent on.
pub(super) struct PageReader {
    accept: Option<HeaderValue>,
    request_id: HeaderValue,
    /// A page that loads itself again may do so: it was asked for by GET.
    may_reload: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Html,
    Json,
    Text,
}

impl PageReader {
    pub(super) fn of<B>(request: &Request<B>, request_id: HeaderValue) -> Self {
        Self {
            accept: request.headers().get(header::ACCEPT).cloned(),
            request_id,
            may_reload: request.method() == Method::GET,
        }
    }
}

impl Format {
    fn of(accept: Option<&HeaderValue>) -> Self {
        let accept = accept.and_then(|accept| accept.to_str().ok());
        let accept = accept.unwrap_or_default();
        if accept.contains("text/html") {
            Self::Html
        } else if accept.contains("json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

impl StatusPage {
    pub(super) fn bad_request(reason: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", reason)
    }

    pub(super) fn unknown_host(host: &str) -> Self {
        let text = format!(
            "No service is reached under {host} with this path. Check the address; if it is right, the \
             environment may have been removed, or has not been started yet."
        );
        Self::new(StatusCode::NOT_FOUND, "Nothing is here", text)
    }

    pub(super) fn redirect() -> Self {
        let text = "This service is reached by HTTPS.";
        Self::new(StatusCode::PERMANENT_REDIRECT, "Moved", text)
    }

    pub(super) fn unauthorized() -> Self {
        let text =
            "This service is internal. Sign in with the user and the password of its environment.";
        Self::new(StatusCode::UNAUTHORIZED, "Sign in", text)
    }

    pub(super) fn maintenance() -> Self {
        let text = "This service is under maintenance and will be back soon.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Under maintenance", text).retry_after(30)
    }

    /// For a request that waited in vain.
    pub(super) fn unavailable(state: RouteState) -> Self {
        let (title, text) = match state {
            RouteState::Starting => (
                "Starting",
                "This service is starting. Try again in a few seconds.",
            ),
            RouteState::Asleep => (
                "Waking up",
                "This service was asleep and is waking up. Try again in a few seconds.",
            ),
            RouteState::Serving | RouteState::Maintenance => (
                "Not available",
                "No instance of this service is healthy right now. Try again in a few seconds.",
            ),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title, text).retry_after(5)
    }

    pub(super) fn wake_failed() -> Self {
        let text = "This service was asleep and could not be woken. Whoever runs it can see why.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Could not wake up", text).retry_after(30)
    }

    pub(super) fn refused() -> Self {
        let text = "The service is running, but does not accept connections. The usual cause: the application listens on 127.0.0.1 \
                    inside its container. Let it listen on 0.0.0.0, and on the port of its settings.";
        Self::new(
            StatusCode::BAD_GATEWAY,
            "The application does not answer",
            text,
        )
    }

    pub(super) fn closed() -> Self {
        let text = "The application closed the connection before it answered. Its log may say why.";
        Self::new(
            StatusCode::BAD_GATEWAY,
            "The application did not answer",
            text,
        )
    }

    pub(super) fn bad_upgrade() -> Self {
        let text = "The application switched to a protocol that the request did not ask for.";
        Self::new(
            StatusCode::BAD_GATEWAY,
            "The application answered wrongly",
            text,
        )
    }

    pub(super) fn no_response(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let text = format!("The application did not answer within {limit} seconds.");
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "The application takes too long",
            text,
        )
    }

    pub(super) fn upload_stalled() -> Self {
        let text = "The request's body stopped in the middle.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "The upload stopped", text)
    }

    fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            title,
            text: text.into(),
            retry_after: None,
        }
    }

    fn retry_after(self, seconds: u16) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// The response in the reader's format.
    pub(super) fn response(&self, reader: &PageReader) -> Response<ResponseBody> {
        let id = reader.request_id.to_str().unwrap_or("-");
        let (kind, body) = match Format::of(reader.accept.as_ref()) {
            Format::Html => ("text/html; charset=utf-8", self.html(reader, id)),
            Format::Json => ("application/json", self.json(id)),
            Format::Text => (
                "text/plain; charset=utf-8",
                format!("{}: {}\n", self.title, self.text),
            ),
        };
        let mut response = Response::new(ResponseBody::Page(Full::new(Bytes::from(body))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::CONTENT_TYPE, kind);
        set(header::CACHE_CONTROL, "no-store");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if self.status == StatusCode::UNAUTHORIZED {
            set(
                header::WWW_AUTHENTICATE,
                "Basic realm=\"playground\", charset=\"UTF-8\"",
            );
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        headers.insert(X_REQUEST_ID, reader.request_id.clone());
        response
    }

    fn html(&self, reader: &PageReader, id: &str) -> String {
        let reload = self.retry_after.filter(|_| reader.may_reload);
        let reload =
            reload.map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"));
        TEMPLATE
            .replace("{refresh}", reload.as_deref().unwrap_or_default())
            .replace("{title}", self.title)
            .replace("{status}", self.status.as_str())
            .replace("{id}", &escape(id))
            // Last: it may have what looks like one of the others.
            .replace("{text}", &escape(&self.text))
    }

    fn json(&self, id: &str) -> String {
        serde_json::json!({
            "error": self.title,
            "message": self.text,
            "status": self.status.as_u16(),
            "request_id": id,
        })
        .to_string()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
