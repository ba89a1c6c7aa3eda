//! Ends a call of a component, whatever it does.

use std::{
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use wasmtime::Engine;

/// How often a call that has to end is told again.
pub(super) const PATIENCE: Duration = Duration::from_millis(10);

/// Ends a call: when it waits, because the token is cancelled; when it computes, because the engine's
/// epoch rises and it looks at the token. It may have looked just before, and wait for the next rise now:
/// so the epoch rises until the call is gone.
pub(super) struct Stop {
    pub(super) token: CancellationToken,
    engine: Engine,
    /// Ends with the call.
    call: Weak<()>,
}

impl Stop {
    pub(super) fn new(engine: &Engine, call: &Arc<()>) -> Self {
        Self {
            token: CancellationToken::new(),
            engine: engine.clone(),
            call: Arc::downgrade(call),
        }
    }

    pub(super) fn now(&self) {
        self.token.cancel();
        self.engine.increment_epoch();
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.now();
        if self.call.strong_count() == 0 {
            return;
        }
        // A thread, because the runtime may be ending, and waits for the call then.
        let (engine, call) = (self.engine.clone(), self.call.clone());
        let raise = move || {
            while call.strong_count() > 0 {
                engine.increment_epoch();
                thread::sleep(PATIENCE);
            }
        };
        let named = thread::Builder::new().name(String::from("plugin-stop"));
        // Without a thread it has been told once, which is mostly enough.
        let _ = named.spawn(raise);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Mutex, mpsc},
        time::Instant,
    };

    use wasmtime::{Config, Instance, Module, Store, UpdateDeadline};

    use super::*;

    #[test]
    fn a_call_that_looked_just_before_it_was_dropped_ends() {
        let deadline = Duration::from_secs(60);
        let mut config = Config::new();
        let engine = Engine::new(config.epoch_interruption(true)).unwrap();
        let text = "(module (func (export \"run\") (loop $l (br $l))))";
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let call = Arc::new(());
        let stop = Stop::new(&engine, &call);
        let (token, own) = (stop.token.clone(), engine.clone());
        let ((looked, looks), (go_on, waits)) = (mpsc::channel(), mpsc::channel::<()>());
        let (ends, ended) = mpsc::channel();
        let waits = Mutex::new(waits);
        thread::spawn(move || {
            let mut store = Store::new(&own, ());
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(move |_| {
                let cancelled = token.is_cancelled();
                // The first time the stop comes between the look and the new deadline.
                let _ = looked.send(());
                let _ = waits.lock().unwrap().recv();
                Ok(match cancelled {
                    true => UpdateDeadline::Interrupt,
                    false => UpdateDeadline::Continue(1),
                })
            });
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance
                .get_typed_func::<(), ()>(&mut store, "run")
                .unwrap();
            let _ = ends.send(run.call(&mut store, ()).is_err());
            drop(call);
        });
        // Its deadline may not be set yet.
        let began = Instant::now();
        while looks.recv_timeout(PATIENCE).is_err() {
            assert!(began.elapsed() < deadline, "it does not look");
            engine.increment_epoch();
        }
        drop(stop);
        drop(go_on);
        assert_eq!(ended.recv_timeout(deadline), Ok(true), "it never ends");
    }
}
