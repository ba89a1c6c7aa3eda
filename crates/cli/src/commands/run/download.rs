//! `run download`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use executor::binaries::Digest;
use futures_util::StreamExt;
use tempfile::NamedTempFile;
use wire::{
    artifacts::{Artifact, check_name},
    client::{ByteStream, Client},
};

use super::resolve;
use crate::{
    args::Download,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_bytes, say},
};

pub(super) async fn run(wanted: Download) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.address)?;
    let id = resolve::id(&client, &wanted.id).await?;
    let artifacts = client.artifacts(&id).await?;
    if let Some(dir) = &wanted.all {
        for artifact in &artifacts {
            save(&client, &id, artifact, &target(dir, &artifact.name)?).await?;
        }
        let dir = dir.display();
        say(&format!("{} artefacts saved in {dir}", artifacts.len()));
        return Ok(Exit::OK);
    }
    let name = wanted.name.unwrap_or_default();
    let named = artifacts.iter().find(|artifact| artifact.name == name);
    let artifact = named.ok_or_else(|| {
        let failure = Failure::new(Exit::FAILED, format!("the run has no artefact `{name}`"));
        failure.hint("See `playhouse run artifacts`.")
    })?;
    let file = match wanted.output {
        Some(file) if file.as_os_str() == "-" => {
            let mut bytes = client.artifact(&id, &name).await?.into_body();
            while let Some(chunk) = bytes.next().await {
                print_bytes(&chunk.map_err(|error| broken(&name, &error))?)?;
            }
            return Ok(Exit::OK);
        }
        Some(file) => file,
        None => PathBuf::from(name.rsplit('/').next().unwrap_or_default()),
    };
    save(&client, &id, artifact, &file).await?;
    say(&format!("saved {}", file.display()));
    Ok(Exit::OK)
}

/// Where an artefact is saved in a directory. The server chose the name: it must not lead out of it.
fn target(dir: &Path, name: &str) -> Result<PathBuf, Failure> {
    check_name(name).map_err(|why| {
        Failure::new(Exit::FAILED, format!("the name of artefact {name:?} {why}"))
    })?;
    Ok(dir.join(name))
}

/// Writes an artefact to a file, which is replaced only by the whole artefact with its own hash.
async fn save(client: &Client, id: &str, artifact: &Artifact, to: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::io(format!("cannot write {}", to.display()), &error);
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(cannot)?;
    let mut file = NamedTempFile::new_in(dir).map_err(cannot)?;
    let bytes = client.artifact(id, &artifact.name).await?.into_body();
    copy(bytes, &mut file, to, &artifact.name).await?;
    let found = Digest::of_file(file.path()).map_err(cannot)?.to_string();
    if found != artifact.sha256 {
        let message = format!(
            "artefact `{}` came with the wrong hash {found}",
            artifact.name
        );
        return Err(Failure::new(Exit::FAILED, message));
    }
    // What a new file of this user would have.
    let mode = 0o666 & !umask();
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    file.as_file()
        .set_permissions(permissions)
        .map_err(cannot)?;
    file.persist(to).map_err(|error| cannot(error.error))?;
    Ok(())
}

async fn copy(
    mut bytes: ByteStream,
    file: &mut NamedTempFile,
    to: &Path,
    name: &str,
) -> Result<(), Failure> {
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|error| broken(name, &error))?;
        let written = file.write_all(&chunk);
        written.map_err(|error| Failure::io(format!("cannot write {}", to.display()), &error))?;
    }
    Ok(())
}

fn broken(name: &str, error: &io::Error) -> Failure {
    let message = format!("artefact `{name}` broke off: {error}");
    Failure::new(Exit::UNREACHABLE, message)
}

/// The file mode bits that new files do not get.
fn umask() -> u32 {
    use nix::sys::stat::{Mode, umask};
    let mask = umask(Mode::empty());
    umask(mask);
    mask.bits()
}
