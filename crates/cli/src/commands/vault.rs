//! `vault`.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use wire::vault::RotateVault;
use zeroize::Zeroizing;

use super::connection;
use crate::{
    args::{RotateKey, VaultArgs},
    exit::{Exit, Failure},
    output::say,
};

pub(super) async fn run(vault: VaultArgs) -> Result<Exit, Failure> {
    match vault {
        VaultArgs::Rotate(rotate) => self::rotate(rotate).await,
    }
}

async fn rotate(rotate: RotateKey) -> Result<Exit, Failure> {
    let client = connection::open(&rotate.address)?;
    let key = rotate.new_key_file.as_deref().map(read).transpose()?;
    let key = key.map(|key| key.trim().to_owned());
    let rotated = client.rotate_vault(&RotateVault { key }).await?;
    say(&match rotated.key_file {
        Some(file) => format!("the new master key is in {file} on the server"),
        None => "start the server with the new master key from now on".to_owned(),
    });
    Ok(Exit::OK)
}

fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = if file == Path::new("-") {
        io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(file).map(|read| *text = read)
    };
    read.map_err(|error| Failure::io(file.display(), &error))?;
    Ok(text)
}
