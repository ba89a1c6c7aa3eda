//! Credentials: names, what is known of them, and what is sealed. What is sealed can be opened by nothing here.

use crate::{
    Batch, Error, Read,
    driver::{Row, args},
};

/// A credential as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// Names it.
    pub name: String,
    /// Who logs in; not secret.
    pub username: String,
    /// Where, if it is for one gateway.
    pub gateway_url: Option<String>,
    /// For people.
    pub description: String,
    /// What is secret, sealed under its name.
    pub sealed: Vec<u8>,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

/// Every credential, by name.
pub fn list(read: &mut Read<'_, '_>) -> Result<Vec<CredentialRow>, Error> {
    const LIST: &str = "SELECT name, username, gateway_url, description, sealed, created_at,
        updated_at FROM credentials ORDER BY name";
    read.tx.all(LIST, args![], row)
}

/// One credential.
pub fn find(read: &mut Read<'_, '_>, name: &str) -> Result<Option<CredentialRow>, Error> {
    const FIND: &str = "SELECT name, username, gateway_url, description, sealed, created_at,
        updated_at FROM credentials WHERE name = $1";
    read.tx.first(FIND, args![name], row)
}

/// Adds a credential. False when there is one of this name.
pub fn add(batch: &mut Batch<'_, '_>, new: &CredentialRow) -> Result<bool, Error> {
    const ADD: &str = "INSERT INTO credentials (name, username, gateway_url, description, sealed,
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING";
    let added = batch.tx.exec(
        ADD,
        args![
            &new.name,
            &new.username,
            new.gateway_url.as_ref(),
            &new.description,
            &new.sealed,
            new.created_at,
            new.updated_at
        ],
    )?;
    Ok(added == 1)
}

/// Replaces a credential but for its age. False when there is none of this name.
pub fn replace(batch: &mut Batch<'_, '_>, new: &CredentialRow) -> Result<bool, Error> {
    const REPLACE: &str = "UPDATE credentials SET username = $2, gateway_url = $3,
        description = $4, sealed = $5, updated_at = $6 WHERE name = $1";
    let replaced = batch.tx.exec(
        REPLACE,
        args![
            &new.name,
            &new.username,
            new.gateway_url.as_ref(),
            &new.description,
            &new.sealed,
            new.updated_at
        ],
    )?;
    Ok(replaced == 1)
}

/// Deletes a credential. False when there is none of this name.
pub fn delete(batch: &mut Batch<'_, '_>, name: &str) -> Result<bool, Error> {
    const DELETE: &str = "DELETE FROM credentials WHERE name = $1";
    Ok(batch.tx.exec(DELETE, args![name])? == 1)
}

/// The data key, sealed under the master key: the first that is offered stays.
pub fn first_data_key(batch: &mut Batch<'_, '_>, offered: &[u8]) -> Result<Vec<u8>, Error> {
    const OFFER: &str =
        "INSERT INTO vault (id, data_key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
    batch.tx.exec(OFFER, args![offered])?;
    let found = data_key(&mut batch.read())?;
    found.ok_or_else(|| Error::Corrupt("the data key of the vault is missing".to_owned()))
}

/// The sealed data key, if there is one.
pub fn data_key(read: &mut Read<'_, '_>) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT data_key FROM vault WHERE id = 1";
    read.tx.first(FIND, args![], |row| row.bytes(0))
}

/// Replaces the sealed data key. False when it is not the one before any more.
pub fn replace_data_key(
    batch: &mut Batch<'_, '_>,
    before: &[u8],
    after: &[u8],
) -> Result<bool, Error> {
    const REPLACE: &str = "UPDATE vault SET data_key = $2 WHERE id = 1 AND data_key = $1";
    Ok(batch.tx.exec(REPLACE, args![before, after])? == 1)
}

fn row(row: &Row<'_>) -> Result<CredentialRow, Error> {
    Ok(CredentialRow {
        name: row.text(0)?,
        username: row.text(1)?,
        gateway_url: row.opt_text(2)?,
        description: row.text(3)?,
        sealed: row.bytes(4)?,
        created_at: row.int(5)?,
        updated_at: row.int(6)?,
    })
}
