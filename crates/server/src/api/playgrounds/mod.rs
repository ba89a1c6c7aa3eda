//! The contract of playgrounds: `/api/playgrounds`, `/api/playspecs` and `/api/playrooms`.

pub(super) mod error;
