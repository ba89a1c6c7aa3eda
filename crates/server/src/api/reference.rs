//! The document of all routes, and pages to read it with that need nothing from elsewhere.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use utoipa_swagger_ui::Config;

use crate::{app::App, http::extract::PathParams, refusal::Refusal};

/// Nothing from elsewhere; the page's own styles stand in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// No external validator is asked.
static PAGES: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["/api/openapi.json"]);
    Arc::new(config.validator_url("none").persist_authorization(false))
});

/// The OpenAPI document of all routes.
#[utoipa::path(get, path = "/api/openapi.json", tag = "reference",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub(crate) async fn document(State(app): State<App>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, app.openapi.clone()).into_response()
}

/// What a browser is led to that is given the server's address.
#[utoipa::path(get, path = "/", tag = "reference",
    responses((status = 307, description = "The reference")))]
pub(crate) async fn front() -> Redirect {
    Redirect::temporary("/api/reference/index.html")
}

/// The reference, for people.
#[utoipa::path(get, path = "/api/reference", tag = "reference",
    responses((status = 308, description = "The page")))]
pub(crate) async fn page() -> Redirect {
    Redirect::permanent("/api/reference/index.html")
}

/// A file of the reference's pages.
#[utoipa::path(get, path = "/api/reference/{file}", tag = "reference",
    params(("file" = String, Path, description = "A file's name")),
    responses((status = 200, description = "The file", body = String, content_type = "text/html"),
        (status = 404, description = "No such file")))]
pub(crate) async fn file(PathParams(file): PathParams<String>) -> Result<Response, Refusal> {
    match utoipa_swagger_ui::serve(&file, PAGES.clone()) {
        Ok(Some(found)) => {
            let headers = [
                (header::CONTENT_TYPE, found.content_type),
                (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
            ];
            Ok((headers, found.bytes.into_owned()).into_response())
        }
        Ok(None) => Err(Refusal::not_found("no such file")),
        Err(error) => {
            tracing::error!(%error, file, "a page could not be made");
            Err(Refusal::internal("internal error"))
        }
    }
}
