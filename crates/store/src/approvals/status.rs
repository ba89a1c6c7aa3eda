//! Where an approval stands.

use engine::UnknownName;

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// It can be answered, as long as its run has not ended.
    Open,
    /// It was approved.
    Approved,
    /// It was rejected.
    Rejected,
    /// It was not answered in time, and that is a failure.
    Expired,
    /// Its step ended otherwise.
    Withdrawn,
}

impl ApprovalStatus {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// As it is kept and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl std::str::FromStr for ApprovalStatus {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| UnknownName(text.to_owned()))
    }
}
