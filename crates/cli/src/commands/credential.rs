//! `credential`.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use wire::playbooks::{NewCredential, UsesQuery};
use zeroize::Zeroizing;

use super::connection;
use crate::{
    args::{ClientArgs, CredentialArgs, CredentialUsesArgs, DeleteCredentials, SetCredential},
    exit::{Exit, Failure},
    output::{print_json, print_table, say},
    table::{Table, or_dash},
};

pub(super) async fn run(credential: CredentialArgs) -> Result<Exit, Failure> {
    match credential {
        CredentialArgs::List(client) => list(&client).await,
        CredentialArgs::Set(set) => self::set(set).await,
        CredentialArgs::Delete(delete) => self::delete(delete).await,
        CredentialArgs::Uses(uses) => self::uses(uses).await,
    }
}

async fn list(client: &ClientArgs) -> Result<Exit, Failure> {
    let list = connection::open(&client.address)?.credentials().await?;
    if client.format.json {
        print_json(&list.credentials)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["NAME", "USERNAME", "GATEWAY", "DESCRIPTION"]);
    for credential in list.credentials {
        table.row([
            credential.name,
            credential.username,
            or_dash(credential.gateway_url),
            or_dash(credential.description),
        ]);
    }
    print_table(
        &table,
        "no credentials; save one with `playhouse credential set NAME`",
    )
}

async fn set(set: SetCredential) -> Result<Exit, Failure> {
    let client = connection::open(&set.address)?;
    let password = match set.keep_password {
        true => None,
        false => Some(password()?),
    };
    let new = NewCredential {
        name: set.name,
        username: set.username,
        password: password.as_ref().map(|password| password.to_string()),
        gateway_url: set.gateway_url,
        description: set.description,
    };
    let saved = client.save_credential(&new).await?;
    say(&format!("credential {} saved", saved.name));
    Ok(Exit::OK)
}

/// The password: what standard input has, or one that is typed and not shown.
fn password() -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::io("the password cannot be read", &error);
    let mut text = Zeroizing::new(String::new());
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        stdin.lock().read_to_string(&mut text).map_err(failed)?;
    } else {
        let _ = write!(io::stderr(), "Password: ");
        let hidden = Hidden::begin().map_err(failed)?;
        let read = stdin.lock().read_line(&mut text);
        drop(hidden);
        say("");
        read.map_err(failed)?;
    }
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        let why = "the password is empty: type it, or pass it on standard input";
        return Err(Failure::usage(why));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

async fn delete(delete: DeleteCredentials) -> Result<Exit, Failure> {
    let client = connection::open(&delete.address)?;
    for name in &delete.names {
        client.delete_credential(name).await?;
        say(&format!("credential {name} deleted"));
    }
    Ok(Exit::OK)
}

async fn uses(wanted: CredentialUsesArgs) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.client.address)?;
    let query = UsesQuery {
        limit: Some(wanted.limit.into()),
        before: None,
    };
    let found = client.credential_uses(&wanted.name, &query).await?;
    if wanted.client.format.json {
        print_json(&found)?;
        return Ok(Exit::OK);
    }
    let mut table = Table::new(&["AT", "EXECUTION", "STEP", "EXECUTOR", "OUTCOME"]);
    for one in found.uses {
        table.row([
            one.at.to_string(),
            one.execution_id,
            or_dash(Some(one.step).filter(|step| !step.is_empty())),
            one.executor,
            one.outcome,
        ]);
    }
    let exit = print_table(&table, "it was not used yet")?;
    if !found.playbooks.is_empty() {
        say(&format!("named by: {}", found.playbooks.join(", ")));
    }
    Ok(exit)
}
