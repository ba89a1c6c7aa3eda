//! `key`.

use server::{IssueError, Operator};
use wire::{
    client::Client,
    keys::{CreatedKey, JoinToken, KeyInfo, NewJoinToken, NewKey, RevokedKey},
};

use super::{connection, place, serving};
use crate::{
    args::{self, CreateKey, KeyArgs, KeyPlace, ListKeys, RevokeKey},
    exit::{Exit, Failure},
    output::{print_json, print_line, print_table, say},
    table::{Table, or_dash},
};

pub(super) async fn run(key: KeyArgs) -> Result<Exit, Failure> {
    match key {
        KeyArgs::Create(create) => self::create(create).await,
        KeyArgs::JoinToken(token) => join_token(token).await,
        KeyArgs::List(list) => self::list(list).await,
        KeyArgs::Revoke(revoke) => self::revoke(revoke).await,
    }
}

async fn create(create: CreateKey) -> Result<Exit, Failure> {
    let new = NewKey {
        name: create.name,
        role: create.role,
        scopes: create.scope,
        expires_in_days: create.expires_in_days,
        expires_at: None,
        requests_per_minute: create.requests_per_minute,
    };
    let keys = Keys::open_or_make(create.at).await?;
    let created = keys.create(&new).await?;
    if let Keys::Operator(operator) = &keys {
        let new = if operator.is_new() {
            ", which is new: start the server on it"
        } else {
            ""
        };
        say(&format!("made in {}{new}", operator.place()));
    }
    if create.format.json {
        print_json(&created)?;
    } else {
        print_line(&created.key)?;
        say(&format!(
            "key {} of `{}`, role {}: keep it, it is not shown again",
            created.id, created.name, created.role
        ));
    }
    Ok(Exit::OK)
}

async fn join_token(token: args::JoinToken) -> Result<Exit, Failure> {
    let new = NewJoinToken {
        expires_in_minutes: Some(token.expires_in_minutes),
    };
    let created = Keys::open(token.at).await?.join_token(&new).await?;
    if token.format.json {
        print_json(&created)?;
    } else {
        print_line(&created.token)?;
        say(&format!(
            "good for one executor, until {}: start it with --join, or PLAYHOUSE_JOIN",
            created.expires_at
        ));
    }
    Ok(Exit::OK)
}

async fn list(list: ListKeys) -> Result<Exit, Failure> {
    let keys = Keys::open(list.at).await?.list().await?;
    if list.format.json {
        print_json(&keys)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&[
        "ID",
        "NAME",
        "ROLE",
        "SCOPES",
        "MADE",
        "LAST USED",
        "ENDS",
        "KEY",
    ]);
    for key in keys {
        let ends = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, ends) => or_dash(ends),
        };
        // Those of a role are known.
        let scopes = if key.role == "custom" {
            key.scopes.join(" ")
        } else {
            "-".to_owned()
        };
        table.row([
            key.id,
            key.name,
            key.role,
            scopes,
            key.created_at.to_string(),
            or_dash(key.last_used_at),
            ends,
            format!("{}...", key.prefix),
        ]);
    }
    let empty = "no keys; make the first with `playhouse key create NAME --role admin`";
    print_table(&table, empty)
}

async fn revoke(revoke: RevokeKey) -> Result<Exit, Failure> {
    let keys = Keys::open(revoke.at).await?;
    for id in &revoke.ids {
        let RevokedKey { key, made } = keys.revoke(id, revoke.cascade).await?;
        say(&format!("revoked {} of `{}`", key.id, key.name));
        let what = if revoke.cascade {
            "revoked as well, made with it:"
        } else {
            "made with it and still good; --cascade revokes them, too:"
        };
        if !made.is_empty() {
            say(&format!("{what} {}", made.join(" ")));
        }
    }
    Ok(Exit::OK)
}

/// Where the keys and the audit are.
pub(super) enum Keys {
    Server(Client),
    Operator(Operator),
}

impl Keys {
    /// Where the keys are, which must be there.
    pub(super) async fn open(at: KeyPlace) -> Result<Self, Failure> {
        Self::at(at, false).await
    }

    /// The same, made if need be.
    async fn open_or_make(at: KeyPlace) -> Result<Self, Failure> {
        Self::at(at, true).await
    }

    async fn at(at: KeyPlace, make: bool) -> Result<Self, Failure> {
        let place = match at {
            KeyPlace::Server(address) => return Ok(Self::Server(connection::open(&address)?)),
            KeyPlace::Data(place) => place,
        };
        let data_dir = match place.data_dir {
            Some(data_dir) => data_dir,
            None => place::data_dir()?,
        };
        let url = place.database_url;
        let operator = if make {
            Operator::open_or_make(data_dir, url).await
        } else {
            Operator::open(data_dir, url).await
        };
        Ok(Self::Operator(
            operator.map_err(|error| serving::failure(&error))?,
        ))
    }

    async fn create(&self, new: &NewKey) -> Result<CreatedKey, Failure> {
        match self {
            Self::Server(client) => Ok(client.create_key(new).await?),
            Self::Operator(operator) => operator.create(new).await.map_err(|e| refused(&e)),
        }
    }

    async fn join_token(&self, new: &NewJoinToken) -> Result<JoinToken, Failure> {
        match self {
            Self::Server(client) => Ok(client.create_join_token(new).await?),
            Self::Operator(operator) => operator.join_token(new).await.map_err(|e| refused(&e)),
        }
    }

    async fn list(&self) -> Result<Vec<KeyInfo>, Failure> {
        match self {
            Self::Server(client) => Ok(client.keys().await?),
            Self::Operator(operator) => operator
                .list()
                .await
                .map_err(|error| serving::failure(&error)),
        }
    }

    async fn revoke(&self, id: &str, cascade: bool) -> Result<RevokedKey, Failure> {
        match self {
            Self::Server(client) => Ok(client.revoke_key(id, cascade).await?),
            Self::Operator(operator) => {
                let revoked = operator
                    .revoke(id, cascade)
                    .await
                    .map_err(|e| refused(&e))?;
                revoked.ok_or_else(|| Failure::new(Exit::NOT_FOUND, format!("no key {id}")))
            }
        }
    }
}

fn refused(error: &IssueError) -> Failure {
    let exit = match error {
        IssueError::Store(_) => Exit::FAILED,
        _ => Exit::REFUSED,
    };
    Failure::new(exit, error.to_string())
}
