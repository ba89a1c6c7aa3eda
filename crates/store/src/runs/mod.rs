//! Runs: their rows and what is done to them.

mod apply;
mod claim;
mod families;
mod find;
mod finish;
mod heartbeat;
mod list;
mod parents;
mod part_rows;
mod parts;
mod row;
mod search;
mod submit;
mod sweep;
mod update;
mod waiting;

pub use apply::{apply, apply_to, entry, replace_input};
pub use claim::{Claim, Claimed, plan as claim_plan};
pub use families::{plan as families_plan, ready_queues};
pub use find::{
    AttemptRow, Details, Input, ResultRow, counts, details, input, kind, last_error, last_owned,
    outline, owned, run, statuses,
};
pub use finish::{Finish, Report};
pub use heartbeat::{Beat, Heartbeat};
pub use list::{Filter, list, plan_of_several as list_plan};
pub use part_rows::{
    PartRow, TopPart, last_parts, last_parts_within, newest_part, open_parts, part_counts, parts,
    parts_within, state, top_parts,
};
pub use parts::{PartReport, ProgressReport, advance, hold};
pub use search::{Found, FoundRun, Search, SearchPlan, is_any_in, labels, search, search_plan};
pub use submit::{Submission, Submit, Submitted, repeated};
pub use sweep::{cancel_unstarted, due, expire, next_due};
pub use waiting::{park, wake};

pub(crate) use apply::lock;
pub(crate) use claim::claim_all;
pub(crate) use families::family_of;
pub(crate) use find::attempt_of;
pub(crate) use finish::finish_all;
pub(crate) use heartbeat::heartbeat_all;
pub(crate) use submit::submit_all;
pub(crate) use update::Before;
pub(crate) use waiting::wake_parents;
