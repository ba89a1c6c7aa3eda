//! Images that are made here, as there is no way to a registry.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use tar::{Builder, EntryType, Header};

use crate::{http, programs};

/// An image with a shell and the usual small programs, `httpd`, `nc` and `wget` among them.
pub const BUSYBOX: &str = "playhouse-test/busybox:1";

/// An image with the web service of `src/bin/sample.rs`, and all that [`BUSYBOX`] has.
pub const SAMPLE: &str = "playhouse-test/sample:1";

/// Makes them in the engine that listens at the socket.
///
/// # Errors
/// When a program is missing, or the engine refuses them.
pub(crate) fn make(socket: &Path, sample: &Path) -> Result<()> {
    import(socket, BUSYBOX, "sh", &busybox()?.into_inner()?)?;
    let mut image = busybox()?;
    file(&mut image, "bin/sample", &fs::read(sample)?)?;
    import(socket, SAMPLE, "/bin/sample", &image.into_inner()?)
}

fn import(socket: &Path, image: &str, command: &str, files: &[u8]) -> Result<()> {
    let (name, tag) = image.split_once(':').context("the image has a tag")?;
    // CMD ["…"], in percent encoding.
    let change = format!("changes=CMD%20%5B%22{command}%22%5D");
    let path = format!("/images/create?fromSrc=-&repo={name}&tag={tag}&{change}");
    http::request(socket, "POST", &path, files).context("failed to make an image")?;
    Ok(())
}

/// A file system with busybox under all its names.
fn busybox() -> Result<Builder<Vec<u8>>> {
    let program = programs::busybox().context("busybox, linked statically, is missing")?;
    let listed = Command::new(&program).arg("--list").output();
    let listed = listed.context("failed to start busybox")?.stdout;
    let listed = String::from_utf8(listed).context("the list of busybox is no text")?;
    let mut image = Builder::new(Vec::new());
    file(&mut image, "bin/busybox", &fs::read(program)?)?;
    for name in listed.lines().filter(|name| *name != "busybox") {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        image.append_link(&mut header, format!("bin/{name}"), "busybox")?;
    }
    for directory in ["etc/", "proc/", "tmp/"] {
        let mode = if directory == "tmp/" { 0o1777 } else { 0o755 };
        let mut header = header(EntryType::Directory, mode, 0);
        image.append_data(&mut header, directory, &[][..])?;
    }
    Ok(image)
}

fn file(image: &mut Builder<Vec<u8>>, path: &str, bytes: &[u8]) -> Result<()> {
    let mut header = header(EntryType::Regular, 0o755, bytes.len() as u64);
    Ok(image.append_data(&mut header, path, bytes)?)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}
