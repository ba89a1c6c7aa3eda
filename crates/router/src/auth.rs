//! Basic authentication (RFC 7617) of internal services.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A user and a password that a caller has to send, kept as a hash. The hash is a plain SHA-256: it is meant
/// for long random passwords, not for those that people choose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasicAuth {
    /// SHA-256 of `user:password`, base64.
    sha256: String,
}

impl BasicAuth {
    /// Requires exactly this user and password. The user has no colon.
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            sha256: hash(format!("{user}:{password}").as_bytes()),
        }
    }

    /// True if an `Authorization` header has the credentials. Takes the same time for every wrong password.
    pub(crate) fn admits(&self, authorization: Option<&HeaderValue>) -> bool {
        let sent = authorization.and_then(credentials).unwrap_or_default();
        hash(&sent).as_bytes().ct_eq(self.sha256.as_bytes()).into()
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth")
    }
}

fn hash(credentials: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(credentials))
}

fn credentials(header: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, rest) = header.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    STANDARD.decode(rest.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn only_the_right_credentials_are_admitted() {
        let auth = BasicAuth::new("playground", "long:and random");
        let right = STANDARD.encode("playground:long:and random");
        assert!(auth.admits(Some(&sent(&format!("Basic {right}")))));
        assert!(auth.admits(Some(&sent(&format!("bASIC  {right}")))));
        for wrong in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer abc",
            "Basic cGxheWdyb3VuZDo=",
        ] {
            assert!(!auth.admits(Some(&sent(wrong))), "{wrong}");
        }
        assert!(!auth.admits(None));
    }

    #[test]
    fn the_password_shows_nowhere() {
        let auth = BasicAuth::new("playground", "secret");
        assert!(!serde_json::to_string(&auth).unwrap().contains("secret"));
        assert_eq!(format!("{auth:?}"), "BasicAuth");
    }
}
