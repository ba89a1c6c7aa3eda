//! As much of SOCKS5 (RFC 1928) as a browser speaks: `CONNECT`, without a login.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const VERSION: u8 = 5;
const CONNECT: u8 = 1;
const WITHOUT_LOGIN: u8 = 0;

/// The connection is there.
pub(super) const CONNECTED: u8 = 0;
/// There is no connection. Of the reasons that the protocol has, Chromium shows none.
pub(super) const NOT_CONNECTED: u8 = 4;

/// Where the browser wants to be connected to.
pub(super) async fn asked(browser: &mut TcpStream) -> io::Result<(String, u16)> {
    let [version, methods] = read(browser).await?;
    let mut offered = vec![0; usize::from(methods)];
    browser.read_exact(&mut offered).await?;
    if version != VERSION || !offered.contains(&WITHOUT_LOGIN) {
        return Err(wrong("it is not SOCKS5 without a login"));
    }
    browser.write_all(&[VERSION, WITHOUT_LOGIN]).await?;
    let [version, command, _, kind] = read(browser).await?;
    if (version, command) != (VERSION, CONNECT) {
        return Err(wrong("it is not a connection that is asked for"));
    }
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(browser).await?).to_string(),
        3 => {
            let [length] = read(browser).await?;
            let mut name = vec![0; usize::from(length)];
            browser.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| wrong("the name is not UTF-8"))?
        }
        4 => Ipv6Addr::from(read::<16>(browser).await?).to_string(),
        _ => return Err(wrong("the kind of address is not known")),
    };
    Ok((host, u16::from_be_bytes(read(browser).await?)))
}

/// Answers how the connection went. The address that stands in the answer is not used.
pub(super) async fn answer(browser: &mut TcpStream, how: u8) -> io::Result<()> {
    let answer = [VERSION, how, 0, 1, 0, 0, 0, 0, 0, 0];
    browser.write_all(&answer).await
}

async fn read<const N: usize>(browser: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    browser.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
