//! The server under measurement: the release binary, a data directory of its own, a free port.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::time::sleep;

use crate::{client::Client, database, machine};

const START_LIMIT: Duration = Duration::from_secs(30);

/// Where and how is measured.
pub(crate) struct Environment {
    pub(crate) playhouse: PathBuf,
    pub(crate) work_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    /// The directory of a private Docker engine.
    pub(crate) docker: Option<PathBuf>,
    pub(crate) duration: Duration,
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.work_dir) {
            eprintln!("failed to remove {}: {error}", self.work_dir.display());
        }
    }
}

/// A running server. Dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From before the start of the process to the first healthy answer.
    pub(crate) healthy_after: Duration,
}

impl Server {
    /// Starts one on an empty database.
    pub(crate) async fn start(environment: &Environment) -> Result<Self> {
        Self::start_with(environment, &[]).await
    }

    /// The same with further arguments.
    pub(crate) async fn start_with(
        environment: &Environment,
        arguments: &[String],
    ) -> Result<Self> {
        let data = environment.work_dir.join("data");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let url = match &environment.database_url {
            Some(url) => Some(database::fresh(url).await?),
            None => None,
        };
        Self::spawn(environment, url, arguments).await
    }

    /// Kills it and starts it again on the same data.
    pub(crate) async fn restart(self, environment: &Environment) -> Result<Self> {
        drop(self);
        Self::resume(environment).await
    }

    /// Starts one on the data of the one before it.
    pub(crate) async fn resume(environment: &Environment) -> Result<Self> {
        Self::resume_with(environment, &[]).await
    }

    /// The same with further arguments.
    pub(crate) async fn resume_with(
        environment: &Environment,
        arguments: &[String],
    ) -> Result<Self> {
        let url = environment.database_url.as_deref().map(database::existing);
        Self::spawn(environment, url, arguments).await
    }

    /// What the process has taken of the cores so far.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        machine::cpu_time(self.child.id())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        machine::resident_mib(self.child.id())
    }

    pub(crate) async fn client(&self) -> Result<Client> {
        Client::connect(self.address).await
    }

    async fn spawn(
        environment: &Environment,
        database_url: Option<String>,
        arguments: &[String],
    ) -> Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let log = environment.work_dir.join("log");
        let mut command = Command::new(&environment.playhouse);
        command.args(["server", "--listen", &address.to_string(), "--data-dir"]);
        command.arg(environment.work_dir.join("data"));
        if let Some(url) = database_url {
            command.args(["--database-url", &url]);
        }
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::create(&log)?);
        let begun = Instant::now();
        let child = command.spawn().context("failed to start the server")?;
        let mut server = Self {
            child,
            address,
            healthy_after: Duration::ZERO,
        };
        while !healthy(address).await {
            if begun.elapsed() > START_LIMIT || server.child.try_wait()?.is_some() {
                bail!("the server did not start:\n{}", fs::read_to_string(&log)?);
            }
            sleep(Duration::from_millis(1)).await;
        }
        server.healthy_after = begun.elapsed();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("failed to end the server: {error}");
        }
    }
}

async fn healthy(address: SocketAddr) -> bool {
    let Ok(mut client) = Client::connect(address).await else {
        return false;
    };
    let answer = client
        .call(Method::GET, "/api/v1/health", Bytes::new())
        .await;
    answer.is_ok_and(|(status, _)| status == StatusCode::OK)
}
