//! Under which name a caller performs runs. A key that performs runs is bound to its own name: what the
//! request says is a label without effect.

use std::convert::Infallible;

use axum::{
    RequestExt,
    extract::{FromRequestParts, RawPathParams, Request},
    http::request::Parts,
};
use engine::Holder;

use super::Principal;

/// The parameter of a path that names an executor.
const IN_PATH: &str = "executor";

/// The executor that performs runs. Only this makes the name and the holder that the store gets.
pub(crate) struct ExecutorIdentity {
    bound: Option<String>,
}

impl ExecutorIdentity {
    /// The executor's name: the key's or, when it is bound to none, `label`.
    pub(crate) fn name(&self, label: &str) -> String {
        self.bound.as_deref().unwrap_or(label).to_owned()
    }

    /// The holder of a lease, as far as the caller can be one.
    pub(crate) fn holder(&self, label: &str, token: Option<i64>) -> Holder {
        Holder {
            executor: self.name(label),
            token,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ExecutorIdentity {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let principal = parts.extensions.get::<Principal>();
        Ok(Self {
            bound: principal.and_then(Principal::executor).map(str::to_owned),
        })
    }
}

/// Whether the path names an executor that `principal` is not.
pub(super) async fn names_another(principal: &Principal, request: &mut Request) -> bool {
    let Some(own) = principal.executor() else {
        return false;
    };
    let Ok(params) = request.extract_parts::<RawPathParams>().await else {
        return false;
    };
    params
        .iter()
        .any(|(name, value)| name == IN_PATH && value != own)
}
