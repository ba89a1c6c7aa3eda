//! Live streams: the event log read once for all readers, frames that are not stored, and the number of
//! readers.

mod event;
pub(crate) mod filter;
mod frames;
mod reader;
mod readers;
mod rendered;
mod shown;
pub(crate) mod sse;
mod tail;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use event::LiveEvent;
pub(crate) use filter::Filter;
pub(crate) use frames::{FrameReader, Frames};
pub(crate) use reader::{Reader, ReaderStep};
pub(crate) use readers::{Form, Present, Readers};
pub(crate) use rendered::Rendered;
pub(crate) use shown::{RunFrameReader, ShownFrame};
pub(crate) use tail::{Sizes, Tail};
