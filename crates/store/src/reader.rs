//! The threads that read.

use std::sync::{Arc, Mutex, PoisonError, mpsc::Receiver};

use crate::{
    Error,
    driver::{Connection, Tx},
};

/// A transaction that only reads.
pub struct Read<'tx, 'connection> {
    pub(crate) tx: &'tx mut Tx<'connection>,
}

/// A query with its answer. Given no transaction it answers that the database is not available.
pub(crate) type Query = Box<dyn FnOnce(Result<&mut Read<'_, '_>, Error>) + Send>;

/// Serves queries until all senders are gone.
pub(crate) fn serve(mut connection: Connection, queue: &Arc<Mutex<Receiver<Query>>>) {
    loop {
        // The lock is held while waiting: one reader waits, the others wait for the lock.
        let query = match queue.lock().unwrap_or_else(PoisonError::into_inner).recv() {
            Ok(query) => query,
            Err(_) => return,
        };
        match connection.begin_read() {
            Ok(()) => {
                query(Ok(&mut Read {
                    tx: &mut connection.tx(),
                }));
                connection.roll_back();
            }
            Err(error) => {
                connection.roll_back();
                query(Err(error));
            }
        }
    }
}
