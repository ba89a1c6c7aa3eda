//! An executor joins: its token is traded for a key of its own, which stays on this machine, so that a
//! restart needs no token.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use wire::{
    client::{Client, Error},
    keys::Join,
};

use super::{connection, place};
use crate::{
    args::{Address, Executor},
    exit::{Exit, Failure},
};

const FILE: &str = "key.json";
/// A server that is not there yet is waited for; the token is sent to it once.
const PATIENCE: Duration = Duration::from_secs(600);

/// The key that an executor got by joining.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Where it is good.
    server: String,
    /// The executor that it is bound to.
    name: String,
    key: String,
    /// What it was traded for: used up, and told from a newer one.
    token: String,
}

/// The executor's client: it shows the key that was given, or the one that it has by joining, or none.
pub(super) async fn client(executor: &Executor, name: &str) -> Result<Client, Failure> {
    let address = &executor.address;
    let from = "the token of --join or PLAYHOUSE_JOIN";
    let token = executor.join.as_ref();
    let token = token.map(|token| token.one_word(from)).transpose()?;
    if address.key.read()?.is_some() {
        return match token {
            None => connection::open(address),
            Some(_) => Err(Failure::usage(
                "a key and a token to join with were given: it takes one of them",
            )),
        };
    }
    let dir = match &executor.state_dir {
        Some(dir) => Some(dir.clone()),
        None => place::state_dir(name),
    };
    let kept = dir.as_deref().map(read).transpose()?.flatten();
    // The token that the kept key was traded for stays in many a configuration.
    let newer = token.filter(|token| kept.as_ref().is_none_or(|kept| kept.token != *token));
    let key = match (newer, kept) {
        (Some(token), _) => trade(address, token, name, dir).await?,
        (None, Some(kept)) => own(kept, address, name, dir)?,
        (None, None) => return connection::open(address),
    };
    Ok(Client::with_key(&address.server, &key)?)
}

/// A key that was kept, if it is this executor's at this server: no other server is shown it.
fn own(kept: Kept, address: &Address, name: &str, dir: Option<PathBuf>) -> Result<String, Failure> {
    if kept.server == address.server && kept.name == name {
        return Ok(kept.key);
    }
    let file = dir.unwrap_or_default().join(FILE);
    let message = format!(
        "the key in {} is that of `{}` at {}",
        file.display(),
        kept.name,
        kept.server
    );
    Err(Failure::usage(message).hint("Give this executor another --state-dir, or remove the file."))
}

async fn trade(
    address: &Address,
    token: &str,
    name: &str,
    dir: Option<PathBuf>,
) -> Result<String, Failure> {
    let dir = dir.ok_or_else(|| {
        Failure::usage("HOME is not set: say where the key is kept with --state-dir")
    })?;
    // The token is good for one use: whatever can fail here is tried before it is sent.
    let client = Client::http(&address.server)?;
    let mut place = Place::prepare(&dir).map_err(|error| Failure::io(dir.display(), &error))?;
    connection::hold_on(PATIENCE, || client.health()).await?;
    let join = Join {
        token: token.to_owned(),
        name: name.to_owned(),
    };
    let created = client
        .join(&join)
        .await
        .map_err(|error| refused(error, name))?;
    let kept = Kept {
        server: address.server.clone(),
        name: name.to_owned(),
        key: created.key,
        token: token.to_owned(),
    };
    place.keep(&kept).map_err(|error| {
        Failure::io(dir.display(), &error).hint(format!(
            "The token is used. Revoke the key {} of `{name}`, and join with another token.",
            created.id
        ))
    })?;
    tracing::info!(name, server = address.server, "joined");
    Ok(kept.key)
}

fn refused(error: Error, name: &str) -> Failure {
    let hint = match &error {
        Error::Unreachable(_) | Error::Answer(_) => format!(
            "It is not known whether the token was used. If `playhouse key list` shows a key of \
             `{name}`, revoke it, and join with another token."
        ),
        Error::Status { status, .. } if status.as_u16() == 401 => {
            "Make another token with `playhouse key join-token`.".to_owned()
        }
        Error::Status { status, .. } if status.as_u16() == 409 => format!(
            "If `playhouse key list` shows a key of `{name}`, revoke it; or take another --name. The \
             token is still good."
        ),
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

fn read(dir: &Path) -> Result<Option<Kept>, Failure> {
    let file = dir.join(FILE);
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(file.display(), &error)),
    };
    let kept = serde_json::from_slice(&text).map_err(|error| {
        // Not the text: the key stands in it.
        let message = format!("{} is damaged, at line {}", file.display(), error.line());
        Failure::new(Exit::FAILED, message).hint("Remove it, and join with another token.")
    })?;
    Ok(Some(kept))
}

/// A file that is open for the key, beside the one that it will replace.
struct Place {
    dir: PathBuf,
    new: PathBuf,
    file: File,
}

impl Place {
    fn prepare(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let new = dir.join(format!("{FILE}.new"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        // One that was left there may be open to others.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            dir: dir.to_owned(),
            new,
            file,
        })
    }

    fn keep(&mut self, kept: &Kept) -> io::Result<()> {
        self.file.write_all(&serde_json::to_vec(kept)?)?;
        self.file.sync_all()?;
        fs::rename(&self.new, self.dir.join(FILE))?;
        File::open(&self.dir)?.sync_all()
    }
}

impl Drop for Place {
    /// Takes away what was not kept.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.new);
    }
}
