//! Not more builds at once than the host can take; the others wait in line, and know their place.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Slots for builds, given out in the order in which they were asked for.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    slots: Arc<Semaphore>,
    waiting: watch::Sender<Vec<u64>>,
    next: Arc<AtomicU64>,
}

/// A slot. Dropping it gives it to the next one in line.
pub(super) struct BuildSlot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Queue {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(at_once.max(1))),
            waiting: watch::Sender::new(Vec::new()),
            next: Arc::default(),
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Waits for a slot, and says the place in line, from 1 on, whenever it changes.
    pub(super) async fn slot(&self, place: &mut (dyn FnMut(usize) + Send)) -> BuildSlot {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return BuildSlot {
                _permit: Some(permit),
            };
        }
        let ticket = BuildTicket::take(self);
        let mut line = self.waiting.subscribe();
        let mut permit = Box::pin(Arc::clone(&self.slots).acquire_owned());
        let mut last = 0;
        loop {
            let now = ticket.place(&line.borrow_and_update());
            if now != last {
                place(now);
                last = now;
            }
            tokio::select! {
                // It is never closed.
                permit = &mut permit => return BuildSlot { _permit: permit.ok() },
                _ = line.changed() => {}
            }
        }
    }
}

/// A place in line. Dropping it leaves the line.
struct BuildTicket {
    number: u64,
    waiting: watch::Sender<Vec<u64>>,
}

impl BuildTicket {
    fn take(queue: &Queue) -> Self {
        let number = queue.next.fetch_add(1, Ordering::Relaxed);
        queue.waiting.send_modify(|waiting| waiting.push(number));
        Self {
            number,
            waiting: queue.waiting.clone(),
        }
    }

    fn place(&self, waiting: &[u64]) -> usize {
        let before = waiting.iter().position(|number| *number == self.number);
        before.map_or(1, |before| before + 1)
    }
}

impl Drop for BuildTicket {
    fn drop(&mut self) {
        self.waiting
            .send_modify(|waiting| waiting.retain(|number| *number != self.number));
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn places_move_up_when_one_ends_or_gives_up() {
        let queue = Queue::new(1);
        let first = queue
            .slot(&mut |_| panic!("the first one does not wait"))
            .await;
        let mut second_places = Vec::new();
        let mut third_places = Vec::new();
        let mut second_place = |place| second_places.push(place);
        let mut third_place = |place| third_places.push(place);
        let mut second = Box::pin(queue.slot(&mut second_place));
        assert!(poll!(&mut second).is_pending());
        let mut third = Box::pin(queue.slot(&mut third_place));
        assert!(poll!(&mut third).is_pending());
        assert_eq!(queue.waiting(), 2);
        drop(second);
        assert!(poll!(&mut third).is_pending());
        assert_eq!(queue.waiting(), 1);
        drop(first);
        let Poll::Ready(slot) = poll!(&mut third) else {
            panic!("a slot is free");
        };
        assert_eq!(queue.waiting(), 0);
        drop((slot, third));
        assert_eq!((second_places, third_places), (vec![1], vec![2, 1]));
    }
}
