//! A proxy between an executor and its server with a gate: a request with a certain word reaches the
//! server, but its answer does not reach the executor before the gate is opened.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Its threads end with the process: a connection that nobody closes holds them up.
pub(super) struct Gate {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// Of the request whose answer the gate stops.
    word: String,
    place: Mutex<Place>,
    moved: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The word has not come yet.
    Before,
    /// Its answer waits at the gate.
    At,
    Open,
}

impl Gate {
    pub(super) fn after(word: &str, server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State {
            word: word.to_owned(),
            place: Mutex::new(Place::Before),
            moved: Condvar::new(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                // While the server is away connections end at once.
                if let Ok(to) = TcpStream::connect(("127.0.0.1", server)) {
                    join(&from, &to, &shared);
                }
            }
        });
        Self { port, state }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether the word has come to the gate.
    pub(super) fn is_reached(&self) -> bool {
        *self.state.place.lock().expect("no panic") != Place::Before
    }

    pub(super) fn open(&self) {
        *self.state.place.lock().expect("no panic") = Place::Open;
        self.state.moved.notify_all();
    }
}

impl State {
    /// The word came.
    fn reach(&self) {
        let mut place = self.place.lock().expect("no panic");
        if *place == Place::Before {
            *place = Place::At;
        }
    }

    fn wait_until_open(&self) {
        let place = self.place.lock().expect("no panic");
        let open = self.moved.wait_while(place, |place| *place != Place::Open);
        drop(open.expect("no panic"));
    }
}

fn join(from: &TcpStream, to: &TcpStream, state: &Arc<State>) {
    let both = || {
        let copy = |stream: &TcpStream| stream.try_clone().expect("a second handle");
        (copy(from), copy(to))
    };
    let held = Arc::new(AtomicBool::new(false));
    let ((from, to), asks) = (both(), (Arc::clone(state), Arc::clone(&held)));
    thread::spawn(move || {
        let mut seen = Vec::new();
        pass(from, to, |chunk| {
            seen.extend_from_slice(chunk);
            let word = asks.0.word.as_bytes();
            if seen.windows(word.len()).any(|window| window == word) {
                asks.1.store(true, Ordering::SeqCst);
                asks.0.reach();
                seen.clear();
            }
            // The word may come in two pieces.
            seen.drain(..seen.len().saturating_sub(word.len() - 1));
        });
    });
    let ((from, to), state) = (both(), Arc::clone(state));
    thread::spawn(move || {
        pass(to, from, |_| {
            if held.load(Ordering::SeqCst) {
                state.wait_until_open();
            }
        });
    });
}

/// Passes on what comes, each piece after `before`, until one side ends.
fn pass(mut from: TcpStream, mut to: TcpStream, mut before: impl FnMut(&[u8])) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        before(&chunk[..length]);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
