//! Playrooms: `/api/playrooms`, and `/api/marquees` as later clients call them.

pub(crate) mod change;
pub(crate) mod find;
pub(crate) mod marquees;
pub(crate) mod test;
mod view;

use crate::playgrounds::{all_rooms as all, room_row_of as row_of};
