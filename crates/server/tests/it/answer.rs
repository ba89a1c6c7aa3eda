//! An answer of the server, and how a snapshot shows it.

use std::{
    fmt::Write,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

/// Headers that snapshots show.
const SHOWN: [&str; 5] = [
    "allow",
    "cache-control",
    "content-length",
    "content-type",
    "link",
];

/// The object has these fields, among others.
#[track_caller]
pub(crate) fn has(found: &Value, fields: &Value) {
    for (name, value) in fields.as_object().expect("an object") {
        assert_eq!(&found[name], value, "{name} of {found}");
    }
}

/// A request on its way; resolves to its answer.
pub(crate) struct Call<'a>(Pin<Box<dyn Future<Output = Answer> + Send + 'a>>);

impl<'a> Call<'a> {
    pub(crate) fn new(answer: impl Future<Output = Answer> + Send + 'a) -> Self {
        Self(Box::pin(answer))
    }

    /// As [`Answer::json`].
    #[track_caller]
    pub(crate) fn json(self, status: u16) -> impl Future<Output = Value> + Send + use<'a> {
        let caller = Location::caller();
        async move { self.await.json_of(status, caller).await }
    }

    /// As [`Answer::refused`].
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> impl Future<Output = Value> + Send + use<'a> {
        let caller = Location::caller();
        async move { self.await.refused_of(status, caller).await }
    }

    /// As [`Answer::problem`].
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> impl Future<Output = String> + Send + use<'a> {
        let caller = Location::caller();
        async move { self.await.problem_of(status, caller).await }
    }

    /// As [`Answer::shown`].
    pub(crate) async fn shown(self) -> String {
        self.await.shown().await
    }

    /// The status alone.
    pub(crate) async fn status(self) -> u16 {
        self.await.status.as_u16()
    }
}

impl Future for Call<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        self.0.as_mut().poll(context)
    }
}

/// Status, headers and a body that is still to be read.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Body,
}

impl Answer {
    pub(crate) fn new(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }

    pub(crate) async fn bytes(self) -> Bytes {
        self.body.collect().await.expect("a whole body").to_bytes()
    }

    pub(crate) async fn text(self) -> String {
        String::from_utf8(self.bytes().await.to_vec()).expect("a body of text")
    }

    /// The body, of an answer that must have this status.
    #[track_caller]
    pub(crate) fn json(self, status: u16) -> impl Future<Output = Value> {
        self.json_of(status, Location::caller())
    }

    async fn json_of(self, status: u16, caller: &Location<'_>) -> Value {
        let found = self.status;
        let text = self.text().await;
        assert_eq!(found, status, "at {caller}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("at {caller}: {error}: {text}"))
    }

    /// The body of a refusal, which must be the contract's: an `error` that says something and a
    /// `context`, nothing else.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> impl Future<Output = Value> {
        self.refused_of(status, Location::caller())
    }

    async fn refused_of(self, status: u16, caller: &Location<'_>) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        let body = self.json_of(status, caller).await;
        let fields = body.as_object().expect("an object");
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["context", "error"], "at {caller}: {body}");
        assert_ne!(body["error"].as_str().unwrap_or_default(), "", "{body}");
        assert!(body["context"].is_object(), "{body}");
        body
    }

    /// The detail of a refusal, which must be problem+json.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> impl Future<Output = String> {
        self.problem_of(status, Location::caller())
    }

    async fn problem_of(self, status: u16, caller: &Location<'_>) -> String {
        let media_type = self.headers.get("content-type").cloned();
        let body = self.json_of(status, caller).await;
        assert_eq!(media_type.expect("a type"), "application/problem+json");
        let detail = body["detail"].as_str().unwrap_or_default();
        assert_ne!(detail, "", "at {caller}: {body}");
        detail.to_owned()
    }

    /// As a snapshot shows it: status, the headers that matter, the body.
    pub(crate) async fn shown(self) -> String {
        let mut shown = format!("{}\n", self.status);
        for name in SHOWN {
            for value in self.headers.get_all(name) {
                let _ = writeln!(shown, "{name}: {}", value.to_str().expect("text"));
            }
        }
        let text = self.text().await;
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => {
                let _ = write!(shown, "\n{value:#}");
            }
            Err(_) if text.is_empty() => {}
            Err(_) => {
                let _ = write!(shown, "\n{text}");
            }
        }
        shown
    }
}
