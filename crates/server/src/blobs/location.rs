//! Opens a folder or an S3 bucket as an object store.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, prefix::PrefixStore,
};
use url::Url;

/// Of a file: what one call writes.
const FILE_PART_BYTES: usize = 256 << 10;
/// Of an object: S3 takes at least 5 MiB, and 10,000 parts.
const S3_PART_BYTES: usize = 16 << 20;

type Opened = (Arc<dyn ObjectStore>, usize);

/// Opens a folder and removes what a crash left half-written in it.
pub(super) fn folder(path: &Path) -> io::Result<Opened> {
    fs::create_dir_all(path)?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // The object store writes to the file `NAME#1` and renames it at the end.
        if entry.file_name().to_string_lossy().contains('#') {
            fs::remove_file(entry.path())?;
        }
    }
    let folder = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
    Ok((Arc::new(folder), FILE_PART_BYTES))
}

/// Opens `s3://bucket/prefix`. `options` are the `AWS_…` variables.
pub(super) fn bucket(url: &str, options: &[(String, String)]) -> Result<Opened, String> {
    let parsed = Url::parse(url).map_err(|error| format!("`{url}`: {error}"))?;
    let (Some(bucket), "s3") = (parsed.host_str(), parsed.scheme()) else {
        return Err(format!("`{url}` is not of the form s3://bucket/prefix"));
    };
    wire::client::tls_ready();
    // An endpoint of `http://` is an operator's choice. Large objects take their time: only silence is
    // an error.
    let client = ClientOptions::new()
        .with_allow_http(true)
        .with_timeout_disabled()
        .with_read_timeout(Duration::from_secs(30));
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 5,
        retry_timeout: Duration::from_secs(30),
    };
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client)
        .with_retry(retry);
    for (name, value) in options {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    let objects = builder
        .with_bucket_name(bucket)
        .build()
        .map_err(|error| format!("`{url}`: {error}"))?;
    let prefix = parsed.path().trim_matches('/');
    let objects: Arc<dyn ObjectStore> = if prefix.is_empty() {
        Arc::new(objects)
    } else {
        Arc::new(PrefixStore::new(objects, prefix))
    };
    Ok((objects, S3_PART_BYTES))
}
