//! A network between a store and its PostgreSQL that fails at the worst moment: at a commit.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// What happens to the next commit that comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It passes.
    Pass,
    /// The connection breaks before the server hears of it.
    CutBefore,
    /// The server hears of it, and the connection breaks before the store hears the answer.
    CutAfter,
    /// It was cut; new connections are refused.
    Refuse,
}

/// A proxy on loopback. Its threads end with the process.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: Arc<Mutex<Mode>>,
}

impl Proxy {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self {
            port,
            mode: Arc::new(Mutex::new(Mode::Pass)),
        };
        let shared = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.mode() == Mode::Refuse {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    shared.join(client, server);
                }
            }
        });
        proxy
    }

    pub(crate) fn mode(&self) -> Mode {
        *self.mode.lock().unwrap()
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        // Set when the answer to the next message is to be lost.
        let deaf = Arc::new(AtomicBool::new(false));
        let (proxy, hears) = (self.clone(), deaf.clone());
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            pump(&mut from, &mut to, |bytes| {
                let commit = bytes.windows(7).any(|part| part == b"COMMIT\0");
                let mode = proxy.mode();
                if !commit || !matches!(mode, Mode::CutBefore | Mode::CutAfter) {
                    return true;
                }
                proxy.set(Mode::Refuse);
                hears.store(mode == Mode::CutAfter, Ordering::SeqCst);
                mode == Mode::CutAfter
            });
        });
        let (mut from, mut to) = (server, client);
        thread::spawn(move || pump(&mut from, &mut to, |_| !deaf.load(Ordering::SeqCst)));
    }
}

/// Passes bytes on until one side ends or `passes` says no; then both connections are over.
fn pump(from: &mut TcpStream, to: &mut TcpStream, passes: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !passes(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
