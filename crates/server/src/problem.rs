//! The error body of routes of our own: RFC 9457 problem+json; and reading requests so that whatever
//! is wrong with them is answered in this form.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use wire::Object;

use crate::{
    access::{IssueError, challenge},
    api::jobs::{self, BODY_LIMIT, read_json},
};

/// The media type of refusals.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal as it is written.
#[derive(Serialize, ToSchema)]
pub(crate) struct Body {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong, for people.
    detail: String,
}

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    /// The request is wrong.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut answer = (self.status, axum::Json(body)).into_response();
        let kind = HeaderValue::from_static(MEDIA_TYPE);
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if self.status == StatusCode::UNAUTHORIZED {
            challenge(answer.headers_mut());
        }
        answer
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }
}

impl From<jobs::Error> for Problem {
    fn from(error: jobs::Error) -> Self {
        let message = error.message();
        match error.wrong_field() {
            Some(field) if !message.contains(field) => {
                Self::new(error.status(), format!("{field}: {message}"))
            }
            _ => Self::new(error.status(), message),
        }
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        let status = match error {
            IssueError::Field(..) | IssueError::First => StatusCode::BAD_REQUEST,
            IssueError::TooMuch => StatusCode::FORBIDDEN,
            IssueError::NotFirst | IssueError::Token | IssueError::Revoked => {
                StatusCode::UNAUTHORIZED
            }
            IssueError::NameTaken | IssueError::AtWork => StatusCode::CONFLICT,
            IssueError::Store(error) => return error.into(),
        };
        Self::new(status, error.to_string())
    }
}

/// A JSON object as a body. The content type is not looked at.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + Send + 'static, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let Object(value) = read_json(request, BODY_LIMIT).await?;
        Ok(Self(value))
    }
}

/// The query string.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync + Send> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(params) = query.map_err(|rejection| Problem::bad(rejection.body_text()))?;
        Ok(Self(params))
    }
}

/// What the path names. What is no text names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Sync + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        let Path(named) =
            path.map_err(|rejection| Problem::new(StatusCode::NOT_FOUND, rejection.body_text()))?;
        Ok(Self(named))
    }
}
