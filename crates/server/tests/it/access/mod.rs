//! Who may do what: every route with every kind of key, and the life of a key.

mod binding;
mod ends;
mod first;
mod join;
mod keys;
mod rate;
mod walk;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::{answer::Call, test_server::TestServer};

/// A server that has an admin's key.
pub(crate) struct Keyed {
    pub(crate) server: TestServer,
    pub(crate) admin: String,
}

impl Keyed {
    pub(crate) async fn open() -> Self {
        Self::on(TestServer::open().await).await
    }

    /// The same, of a server that is open.
    pub(crate) async fn on(server: TestServer) -> Self {
        let new = json!({"name": "admin", "role": "admin"});
        let created = server.post("/api/keys", &new).json(201).await;
        let admin = text(&created["key"]);
        Self { server, admin }
    }

    /// Sends a request that shows `key`.
    pub(crate) fn send(&self, key: &str, method: Method, path: &str, body: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", key)
            .body(Body::from(body.to_owned()));
        self.server.request(request.expect("a request"))
    }

    pub(crate) fn get(&self, key: &str, path: &str) -> Call<'_> {
        self.send(key, Method::GET, path, "")
    }

    pub(crate) fn post(&self, key: &str, path: &str, body: &Value) -> Call<'_> {
        self.send(key, Method::POST, path, &body.to_string())
    }

    /// Makes a key as the admin.
    pub(crate) async fn make(&self, new: &Value) -> Value {
        self.post(&self.admin, "/api/keys", new).json(201).await
    }

    /// Makes a key of a role and answers it.
    pub(crate) async fn key(&self, name: &str, role: &str) -> String {
        text(&self.make(&json!({"name": name, "role": role})).await["key"])
    }

    /// Revokes a key as the admin.
    pub(crate) fn revoke(&self, id: &Value) -> Call<'_> {
        let path = format!("/api/keys/{}", text(id));
        self.send(&self.admin, Method::DELETE, &path, "")
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
