//! Uploads a program, with a progress bar when a person looks on.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    time::Duration,
};

use futures_util::stream::try_unfold;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;
use tokio::{fs::File, io::AsyncReadExt};
use wire::{
    client::{ByteStream, Client, Payload},
    jobs::UploadedBinary,
};

use crate::{
    commands::connection::Absence,
    exit::{Exit, Failure},
    output::say,
};

const CHUNK_BYTES: usize = 256 << 10;

/// Uploads a program.
pub(super) async fn upload_program(
    client: &Client,
    program: &Path,
    shown: &str,
    timeout: Duration,
) -> Result<UploadedBinary, Failure> {
    if !may_start(program) {
        say(&format!(
            "playhouse: {shown} is neither a binary for Linux nor a script with a `#!` line: it will \
             hardly start"
        ));
    }
    upload(client, program, shown, timeout).await
}

/// Uploads the program that standard input has. It is kept in a file until then: the connection may break.
pub(super) async fn upload_standard_input(
    client: &Client,
    timeout: Duration,
) -> Result<UploadedBinary, Failure> {
    const SHOWN: &str = "standard input";
    let read = || {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    let file =
        read().map_err(|error: io::Error| Failure::io(format!("cannot read {SHOWN}"), &error))?;
    upload_program(client, file.path(), SHOWN, timeout).await
}

/// Uploads a file, whose name for people is `shown`; from the beginning again when the connection breaks.
pub(super) async fn upload(
    client: &Client,
    path: &Path,
    shown: &str,
    timeout: Duration,
) -> Result<UploadedBinary, Failure> {
    let mut absence = Absence::new(timeout);
    loop {
        let (file, size) = open(path, shown).await?;
        let bar = progress(size);
        let uploaded = client
            .upload(Payload::Stream(chunks(file, bar.clone())))
            .await;
        bar.finish_and_clear();
        match uploaded {
            Ok(uploaded) => {
                absence.over();
                return Ok(uploaded);
            }
            Err(error) => absence.wait(error).await?,
        }
    }
}

/// False when the system is known to refuse the file as a program. What cannot be read here is told
/// when it is opened.
fn may_start(program: &Path) -> bool {
    let mut head = Vec::new();
    let regular = fs::metadata(program).is_ok_and(|metadata| metadata.is_file());
    let read = regular
        && fs::File::open(program).is_ok_and(|file| file.take(4).read_to_end(&mut head).is_ok());
    !read || head.is_empty() || head.starts_with(b"#!") || head == *b"\x7fELF"
}

/// Opens the program and tells its size.
async fn open(program: &Path, name: &str) -> Result<(File, u64), Failure> {
    let cannot = |error| {
        let failure = Failure::io(format!("cannot read {name}"), &error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint(
                "PROGRAM is a file of this machine; for one that executors fetch, see --url.",
            ),
            _ => failure,
        }
    };
    let file = File::open(program).await.map_err(cannot)?;
    let metadata = file.metadata().await.map_err(cannot)?;
    if metadata.is_dir() {
        return Err(Failure::new(
            Exit::IO,
            format!("{name} is a directory, not a file"),
        ));
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(Failure::new(Exit::IO, format!("{name} is empty")));
    }
    Ok((file, metadata.len()))
}

fn chunks(file: File, bar: ProgressBar) -> ByteStream {
    Box::pin(try_unfold(file, move |mut file| {
        let bar = bar.clone();
        async move {
            let mut chunk = vec![0; CHUNK_BYTES];
            let length = file.read(&mut chunk).await?;
            if length == 0 {
                return Ok(None);
            }
            chunk.truncate(length);
            bar.inc(length as u64);
            Ok(Some((chunk.into(), file)))
        }
    }))
}

/// A bar on standard error; without a terminal it draws nothing.
fn progress(size: u64) -> ProgressBar {
    let template = "uploading [{bar:30}] {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).map_or_else(
        |_| ProgressStyle::default_bar(),
        |style| style.progress_chars("=> "),
    );
    ProgressBar::new(size).with_style(style)
}

/// The file name without white space.
pub(super) fn job_type_of(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or("job");
    name.split_whitespace().collect::<Vec<_>>().join("-")
}
