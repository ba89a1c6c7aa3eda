//! Which contract a path belongs to, and how a refusal looks there that no handler wrote: one of the
//! gate, of a missing route or of a wrong method.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type, schema::Schema};

use super::{jobs, plugin_jobs};
use crate::problem::{MEDIA_TYPE, Problem};

/// Faces of the contracts, and our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contract {
    Jobs,
    PluginJobs,
    Playbooks,
    Playgrounds,
    Own,
}

/// What the paths of each contract begin with.
const ROOTS: &[(&str, Contract)] = &[
    ("/api/v1", Contract::Jobs),
    ("/playground", Contract::PluginJobs),
    ("/api/playbooks", Contract::Playbooks),
    ("/api/executions", Contract::Playbooks),
    ("/api/credentials", Contract::Playbooks),
    ("/api/playgrounds", Contract::Playgrounds),
    ("/api/playspecs", Contract::Playgrounds),
    ("/api/playrooms", Contract::Playgrounds),
];

impl Contract {
    fn of(path: &str) -> Self {
        let below = |root: &str| {
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = ROOTS.iter().find(|(root, _)| below(root));
        found.map_or(Self::Own, |(_, contract)| *contract)
    }
}

/// A refusal in the form of the face that `path` belongs to.
pub(crate) fn refusal(path: &str, status: StatusCode, message: &str) -> Response {
    let body = match Contract::of(path) {
        Contract::Jobs => return jobs::Error::new(status, message).into_response(),
        Contract::Own => return Problem::new(status, message).into_response(),
        Contract::PluginJobs => return plugin_jobs::Error::new(status, message).into_response(),
        Contract::Playbooks => json!({"detail": {
            "error": code(status).to_lowercase(),
            "message": message,
            "details": {},
        }}),
        Contract::Playgrounds => json!({"error": {
            "code": match status {
                StatusCode::BAD_REQUEST => "BAD_REQUEST",
                StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
                StatusCode::FORBIDDEN => "FORBIDDEN",
                StatusCode::NOT_FOUND => "RESOURCE_NOT_FOUND",
                _ => code(status),
            },
            "message": message,
            "details": {},
        }}),
    };
    (status, Json(body)).into_response()
}

/// The media type and the schema of a refusal of the face that `path` belongs to.
pub(crate) fn refusal_schema(path: &str) -> (&'static str, RefOr<Schema>) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let object = |fields: [(&str, RefOr<Schema>); 3]| {
        let empty = ObjectBuilder::new();
        let all = fields.into_iter().fold(empty, |object, (name, schema)| {
            object.property(name, schema).required(name)
        });
        RefOr::T(Schema::from(all))
    };
    let within = |name: &str, schema: RefOr<Schema>| {
        let outer = ObjectBuilder::new().property(name, schema).required(name);
        RefOr::T(Schema::from(outer))
    };
    let coded = |code| {
        object([
            (code, text().into()),
            ("message", text().into()),
            ("details", ObjectBuilder::new().into()),
        ])
    };
    let schema = match Contract::of(path) {
        Contract::Jobs => Ref::from_schema_name("ErrorBody").into(),
        Contract::Own => return (MEDIA_TYPE, Ref::from_schema_name("Problem").into()),
        Contract::PluginJobs => Ref::from_schema_name("PluginJobErrorBody").into(),
        Contract::Playbooks => within("detail", coded("error")),
        Contract::Playgrounds => within("error", coded("code")),
    };
    ("application/json", schema)
}

/// The word for a status, in the letters of the playgrounds contract.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "AUTHENTICATION_REQUIRED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
        StatusCode::BAD_REQUEST => "VALIDATION_ERROR",
        _ => "INTERNAL_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::refusal;

    async fn body(path: &str) -> Value {
        of(path, StatusCode::FORBIDDEN).await
    }

    async fn of(path: &str, status: StatusCode) -> Value {
        let answer = refusal(path, status, "no");
        assert_eq!(answer.status(), status);
        let body = answer.into_body().collect().await.expect("a body");
        serde_json::from_slice(&body.to_bytes()).expect("JSON")
    }

    #[tokio::test]
    async fn each_face_refuses_in_its_own_form() {
        let jobs = json!({"error": "no", "context": {}});
        assert_eq!(body("/api/v1/jobs").await, jobs);
        for path in ["/playground/jobs/1", "/playground/plugins", "/playground"] {
            assert_eq!(body(path).await, json!({"error": "no"}));
        }
        let playbooks = json!({"detail":
            {"error": "permission_denied", "message": "no", "details": {}}});
        for path in ["/api/playbooks", "/api/executions/1", "/api/credentials"] {
            assert_eq!(body(path).await, playbooks);
        }
        let playgrounds = json!({"error":
            {"code": "FORBIDDEN", "message": "no", "details": {}}});
        for path in [
            "/api/playgrounds/1/status",
            "/api/playspecs",
            "/api/playrooms",
        ] {
            assert_eq!(body(path).await, playgrounds);
        }
        // Too many requests have a word of their own where there are words.
        let busy = |path: &'static str| of(path, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(busy("/api/v1/jobs").await, jobs);
        assert_eq!(busy("/playground/jobs").await, json!({"error": "no"}));
        let playbooks = &busy("/api/playbooks").await["detail"];
        assert_eq!(playbooks["error"], "rate_limited");
        let playgrounds = &busy("/api/playgrounds").await["error"];
        assert_eq!(playgrounds["code"], "RATE_LIMITED");
        for path in ["/api/keys", "/api/v10", "/api/playgroundsx", "/"] {
            assert_eq!(body(path).await["detail"], json!("no"), "{path}");
        }
    }
}
