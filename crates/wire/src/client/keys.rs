//! The calls of a client that makes keys.

use http::Method;

use super::{Client, Error, Payload, decode, jobs::encode};
use crate::keys::{CreatedKey, Join, JoinToken, KeyInfo, NewJoinToken, NewKey, RevokedKey};

impl Client {
    /// Makes a key.
    pub async fn create_key(&self, new: &NewKey) -> Result<CreatedKey, Error> {
        let created = self.json(Method::POST, "/api/keys", new).await?;
        created.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// Makes a token with which one executor joins.
    pub async fn create_join_token(&self, new: &NewJoinToken) -> Result<JoinToken, Error> {
        let created = self.json(Method::POST, "/api/join-tokens", new).await?;
        created.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// Trades a token for the key of an executor.
    ///
    /// # Errors
    /// See [`Error`]. On [`Error::Unreachable`] the token may be used up.
    pub async fn join(&self, join: &Join) -> Result<CreatedKey, Error> {
        let created = self.json(Method::POST, "/api/join", join).await?;
        created.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// The keys, newest first.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Error> {
        self.fetch("/api/keys").await
    }

    /// Revokes a key, and with `cascade` those that were made with it.
    pub async fn revoke_key(&self, id: &str, cascade: bool) -> Result<RevokedKey, Error> {
        let cascade = if cascade { "?cascade=1" } else { "" };
        let path = format!("/api/keys/{}{cascade}", encode(id));
        let reply = self.send(Method::DELETE, &path, Payload::empty()).await?;
        decode(reply)
            .await?
            .ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }
}
