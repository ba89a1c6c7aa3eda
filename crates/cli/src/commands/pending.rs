//! The seam of the `server` crate until it has it: every call says so.

use std::{io, net::SocketAddr, path::Path};

use server::Settings;
use wire::client::Client;

pub(super) enum Running {}

fn absent() -> io::Error {
    io::Error::other("this build has no server yet")
}

#[expect(clippy::unused_async, reason = "the shape of the seam")]
pub(super) async fn start(_settings: Settings) -> Result<Running, io::Error> {
    Err(absent())
}

pub(super) fn backup(_data_dir: &Path, _to: &Path) -> Result<(), io::Error> {
    Err(absent())
}

#[expect(clippy::unused_async, reason = "the shape of the seam")]
impl Running {
    #[expect(dead_code, reason = "the shape of the seam")]
    pub(super) fn local_addr(&self) -> SocketAddr {
        match *self {}
    }
    pub(super) fn public_url(&self) -> &str {
        match *self {}
    }
    pub(super) fn client(&self) -> Client {
        match *self {}
    }
    pub(super) async fn stop(self) {
        match self {}
    }
    pub(super) async fn failed(&self) -> io::Error {
        match *self {}
    }
}
