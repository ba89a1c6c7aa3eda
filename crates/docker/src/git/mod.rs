//! Checkouts of git repositories, by the `git` program.
//!
//! A checkout's git directory is not in it: whoever may write to the checkout, such as a container in which
//! it is mounted, cannot name programs there that git would run.

mod branch;
mod cache;
mod checkout;
mod command;
mod credentials;
mod error;
mod files;
mod repository;
mod stale;

pub use branch::{Branch, path_part};
pub use checkout::{CheckedOut, Checkout, CheckoutRequest};
pub use command::GitWatch;
pub use credentials::GitCredentials;
pub use error::GitError;
pub use files::{FileError, read_file};
pub use repository::{GitPolicy, Repository};
