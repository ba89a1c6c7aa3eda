//! Keys as the operator makes them, and the audit as the operator sees it: on the data directory or the
//! database, with no server or beside a running one, which hears of it within a second.

use std::path::PathBuf;

use store::Store;
use wire::{
    audit::{AuditLine, AuditQuery, AuditVerified},
    keys::{CreatedKey, JoinToken, KeyInfo, NewJoinToken, NewKey, RevokedKey},
};

use crate::{
    Clock, Database, Error,
    access::{Caller, IssueError, info, issue, join_token, revoke},
    assembled,
    audit::{AuditContext, view},
    database::FILE,
};

/// The operator, who has the data directory or the database.
pub struct Operator {
    store: Store,
    clock: Clock,
    place: String,
    is_new: bool,
}

impl Operator {
    /// Opens the database at `database_url`, or that of the data directory.
    ///
    /// # Errors
    /// [`Error::NoDatabase`] when the directory has none: an empty one, made here, would have no keys and
    /// a whole audit, and no server would know it. Else see [`Error`].
    pub async fn open(data_dir: PathBuf, database_url: Option<String>) -> Result<Self, Error> {
        if database_url.is_none() && !data_dir.join(FILE).exists() {
            return Err(Error::NoDatabase(data_dir.display().to_string()));
        }
        Self::open_or_make(data_dir, database_url).await
    }

    /// The same, and makes the database of the data directory if there is none: for the key that a
    /// server will be started with.
    pub async fn open_or_make(
        data_dir: PathBuf,
        database_url: Option<String>,
    ) -> Result<Self, Error> {
        let is_new = database_url.is_none() && !data_dir.join(FILE).exists();
        if is_new {
            assembled::make_data_dir(&data_dir)?;
        }
        let clock = Clock::system();
        let database = Database::new(&data_dir, database_url.as_deref());
        let place = database.place();
        let store = database.open(clock.now_ms()).await?;
        Ok(Self {
            store,
            clock,
            place,
            is_new,
        })
    }

    /// For people: which database it is, without a password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the database was made now: no server has used it yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Makes a key.
    pub async fn create(&self, new: &NewKey) -> Result<CreatedKey, IssueError> {
        let audit_context = AuditContext::operator("key.create");
        let now = self.clock.now_ms();
        issue(&self.store, Caller::Operator, new, audit_context, now).await
    }

    /// Makes a token with which one executor joins.
    pub async fn join_token(&self, new: &NewJoinToken) -> Result<JoinToken, IssueError> {
        let audit_context = AuditContext::operator("join-token.create");
        let now = self.clock.now_ms();
        join_token(&self.store, Caller::Operator, "", new, audit_context, now).await
    }

    /// The keys, newest first, revoked ones too.
    pub async fn list(&self) -> Result<Vec<KeyInfo>, Error> {
        let rows = self.store.read(store::keys::list).await?;
        Ok(rows.iter().map(info).collect())
    }

    /// A page of the audit, and what to ask for the next one.
    ///
    /// # Errors
    /// [`Error::Audit`] when something is wrong with what is asked for, or the database's.
    pub async fn audit(
        &self,
        query: &AuditQuery,
    ) -> Result<(Vec<AuditLine>, Option<AuditQuery>), Error> {
        let filter = view::filter(query).map_err(Error::Audit)?;
        let find = move |read: &mut store::Read<'_, '_>| store::audit::find(read, &filter);
        Ok(view::page(query, self.store.read(find).await?))
    }

    /// Follows the whole chain of the audit.
    pub async fn verify_audit(&self) -> Result<AuditVerified, Error> {
        Ok(view::verified(store::audit::verify(&self.store).await?))
    }

    /// Revokes a key, and with `cascade` those that were made with it; `None` when there is none with this id.
    pub async fn revoke(&self, id: &str, cascade: bool) -> Result<Option<RevokedKey>, IssueError> {
        let audit_context = AuditContext::operator("key.revoke");
        let now = self.clock.now_ms();
        revoke(
            &self.store,
            Caller::Operator,
            (id, cascade),
            audit_context,
            now,
        )
        .await
    }
}
