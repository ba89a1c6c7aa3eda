//! An S3 server for tests, in the test's own process: signatures, multipart uploads and listings as of
//! S3, over HTTP on a free port, with one bucket in a temporary directory. No part of the product.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    thread,
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot};

const BUCKET: &str = "blobs";
const ACCESS_KEY: &str = "test-key";
const SECRET_KEY: &str = "test-secret";

/// A running server. It ends when this is dropped, and its data with it.
pub struct Server {
    address: SocketAddr,
    root: TempDir,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        Self::try_start().expect("the S3 server starts")
    }

    fn try_start() -> io::Result<Self> {
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join(BUCKET))?;
        let files =
            FileSystem::new(root.path()).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        // A runtime must not be dropped on a thread of another one.
        thread::spawn(move || serve(&runtime, listener, &service, stopped));
        Ok(Self {
            address,
            root,
            _stop: stop,
        })
    }

    /// The URL, with a prefix, by which a server of ours uses the bucket.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    /// Endpoint and credentials, as environment variables.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let variables = [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ];
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// The files of the objects under a prefix.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn objects(&self, prefix: &str) -> io::Result<Vec<PathBuf>> {
        let dir = match fs::read_dir(self.root.path().join(BUCKET).join(prefix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            dir => dir?,
        };
        dir.map(|entry| Ok(entry?.path())).collect()
    }
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    service: &S3Service,
    mut stopped: oneshot::Receiver<()>,
) {
    runtime
        .block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = tokio::select! {
                    accepted = listener.accept() => accepted?,
                    _ = &mut stopped => return io::Result::Ok(()),
                };
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
                tokio::spawn(connection);
            }
        })
        .expect("the S3 server listens");
}
