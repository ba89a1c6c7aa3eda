//! The calls of a client that makes hooks.

use http::Method;

use super::{Client, Error, Payload, decode, jobs::encode};
use crate::hooks::{CreatedHook, Delivery, Hook, HookChange, NewHook};

impl Client {
    /// Makes a hook.
    pub async fn create_hook(&self, new: &NewHook) -> Result<CreatedHook, Error> {
        let created = self.json(Method::POST, "/api/hooks", new).await?;
        created.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// The hooks, oldest first.
    pub async fn hooks(&self) -> Result<Vec<Hook>, Error> {
        self.fetch("/api/hooks").await
    }

    /// Changes a hook; answers it as it is then.
    pub async fn change_hook(&self, id: &str, change: &HookChange) -> Result<Hook, Error> {
        let path = format!("/api/hooks/{}", encode(id));
        let hook = self.json(Method::PATCH, &path, change).await?;
        hook.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// Deletes a hook.
    pub async fn delete_hook(&self, id: &str) -> Result<(), Error> {
        let path = format!("/api/hooks/{}", encode(id));
        self.send(Method::DELETE, &path, Payload::empty())
            .await
            .map(drop)
    }

    /// Sends an event `hook.test` to a hook.
    ///
    /// # Errors
    /// See [`Error`]; a disabled hook is a `409`.
    pub async fn test_hook(&self, id: &str) -> Result<Delivery, Error> {
        self.post_delivery(&format!("/api/hooks/{}/test", encode(id)))
            .await
    }

    /// The newest deliveries of a hook, newest first.
    pub async fn deliveries(&self, hook: &str, limit: u32) -> Result<Vec<Delivery>, Error> {
        let path = format!("/api/hooks/{}/deliveries?limit={limit}", encode(hook));
        self.fetch(&path).await
    }

    /// One delivery.
    pub async fn delivery(&self, hook: &str, number: i64) -> Result<Delivery, Error> {
        let path = format!("/api/hooks/{}/deliveries/{number}", encode(hook));
        self.fetch(&path).await
    }

    /// Sends a delivery again, now.
    pub async fn replay(&self, hook: &str, number: i64) -> Result<Delivery, Error> {
        let path = format!("/api/hooks/{}/deliveries/{number}/replay", encode(hook));
        self.post_delivery(&path).await
    }

    async fn post_delivery(&self, path: &str) -> Result<Delivery, Error> {
        let reply = self.send(Method::POST, path, Payload::empty()).await?;
        decode(reply)
            .await?
            .ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }
}
