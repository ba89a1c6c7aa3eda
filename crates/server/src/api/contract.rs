//! Which contract a path belongs to. Each has an `error.rs` that gives status and body of its refusals.

use utoipa::openapi::{ObjectBuilder, RefOr, Type, schema::Schema};

use super::{jobs, playbooks, playgrounds, plugin_jobs, problem};
use crate::refusal::Contract;

const JSON: &str = "application/json";

static CONTRACTS: [Contract; 4] = [
    Contract {
        roots: &["/api/v1"],
        media_type: JSON,
        body: jobs::error::body,
        schema: jobs::error::schema,
    },
    Contract {
        roots: &["/playground"],
        media_type: JSON,
        body: plugin_jobs::error::body,
        schema: plugin_jobs::error::schema,
    },
    Contract {
        roots: &[
            "/api/playbooks",
            "/api/executions",
            "/api/credentials",
            "/api/schedules",
            "/api/config",
            "/api/logs",
            "/api/health",
        ],
        media_type: JSON,
        body: playbooks::error::body,
        schema: playbooks::error::schema,
    },
    Contract {
        roots: &[
            "/api/playgrounds",
            "/api/playspecs",
            "/api/playrooms",
            "/api/marquees",
            "/api/launch",
        ],
        media_type: JSON,
        body: playgrounds::error::body,
        schema: playgrounds::error::schema,
    },
];

/// Our own routes: every other path.
static OWN: Contract = Contract {
    roots: &[],
    media_type: "application/problem+json",
    body: problem::body,
    schema: problem::schema,
};

/// The contract that a path belongs to.
pub(crate) fn contract_of(path: &str) -> &'static Contract {
    let found = CONTRACTS.iter().find(|contract| contract.has(path));
    found.unwrap_or(&OWN)
}

/// Whether a path is one of our own, which no contract has.
pub(crate) fn is_own(path: &str) -> bool {
    contract_of(path).roots.is_empty()
}

/// The schema of an object with a code, a message and details.
pub(super) fn coded_schema(outer: &str, code: &str) -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let object = [
        (code, text()),
        ("message", text()),
        ("details", ObjectBuilder::new()),
    ]
    .into_iter()
    .fold(ObjectBuilder::new(), |object, (name, schema)| {
        object.property(name, schema).required(name)
    });
    let outer = ObjectBuilder::new().property(outer, object).required(outer);
    RefOr::T(Schema::from(outer))
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::contract_of;
    use crate::refusal::{Refusal, RefusalKind};

    async fn body(path: &str) -> Value {
        of(path, RefusalKind::Forbidden).await
    }

    async fn of(path: &str, kind: RefusalKind) -> Value {
        let answer = Refusal::new(kind, "no").into_response();
        let answer = contract_of(path).render(answer);
        assert_eq!(answer.status(), kind.status());
        let body = answer.into_body().collect().await.expect("a body");
        serde_json::from_slice(&body.to_bytes()).expect("JSON")
    }

    #[tokio::test]
    async fn each_contract_refuses_in_its_own_form() {
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
        let busy = |path: &'static str| {
            let retry_after_ms = 1;
            of(path, RefusalKind::RateLimited { retry_after_ms })
        };
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
