//! The way from an executor to its server, with a gate: what comes after a certain word does not arrive
//! before the gate is opened.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Its threads end with the process: a connection that nobody closes holds them up.
pub(super) struct Gate {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// What the gate stops.
    word: String,
    place: Mutex<Place>,
    moved: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The word has not come yet.
    Before,
    /// It waits at the gate.
    At,
    Open,
}

impl Gate {
    pub(super) fn before(word: &str, server: u16) -> Self {
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
    /// The word came: it goes on when the gate is open.
    fn stop(&self) {
        let mut place = self.place.lock().expect("no panic");
        if *place == Place::Before {
            *place = Place::At;
        }
        let open = self.moved.wait_while(place, |place| *place != Place::Open);
        drop(open.expect("no panic"));
    }
}

fn join(from: &TcpStream, to: &TcpStream, state: &Arc<State>) {
    let both = || {
        let copy = |stream: &TcpStream| stream.try_clone().expect("a second handle");
        (copy(from), copy(to))
    };
    let ((from, to), state) = (both(), Arc::clone(state));
    thread::spawn(move || pass(from, to, Some(&state)));
    let (from, to) = both();
    thread::spawn(move || pass(to, from, None));
}

/// Hands on what comes, until one side ends.
fn pass(mut from: TcpStream, mut to: TcpStream, state: Option<&State>) {
    let (mut chunk, mut seen) = (vec![0; 64 << 10], Vec::new());
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        if let Some(state) = state {
            seen.extend_from_slice(&chunk[..length]);
            let word = state.word.as_bytes();
            if seen.windows(word.len()).any(|window| window == word) {
                state.stop();
                seen.clear();
            }
            // The word may come in two pieces.
            seen.drain(..seen.len().saturating_sub(word.len() - 1));
        }
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
