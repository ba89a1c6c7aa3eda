//! The contract of playbooks: `/api/playbooks`, `/api/executions` and `/api/credentials`.

pub(super) mod error;
