//! Times on the wire: UTC, ISO 8601, whole seconds, as the contracts print them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in epoch milliseconds that serialises as `2024-01-01T12:00:00Z`.
///
/// The contracts print whole seconds, so the milliseconds are cut off when it is written. A value
/// that is read may carry a fraction and any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or_default();
        write!(f, "{at:.0}")
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = "must be a time such as 2030-01-31T12:00:00Z";
        text.parse().map_err(|_| de::Error::custom(time))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .examples(["2024-01-01T12:00:00Z"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// A moment in epoch milliseconds that serialises as `2024-01-01T12:00:00.000Z`, as the contract of
/// plugin jobs and the event log print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimestampMs(pub i64);

impl std::fmt::Display for TimestampMs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{at:.3}")
    }
}

impl Serialize for TimestampMs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimestampMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(|Timestamp(at)| Self(at))
    }
}

impl utoipa::PartialSchema for TimestampMs {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Timestamp::schema()
    }
}

impl utoipa::ToSchema for TimestampMs {}

#[cfg(test)]
mod tests {
    use super::{Timestamp, TimestampMs};

    #[test]
    fn prints_whole_seconds_in_utc_and_reads_any_offset() {
        assert_eq!(
            Timestamp(1_704_110_400_999).to_string(),
            "2024-01-01T12:00:00Z"
        );
        assert_eq!(
            "2024-01-01T13:00:00.5+01:00".parse().ok(),
            Some(Timestamp(1_704_110_400_500))
        );
    }

    #[test]
    fn prints_milliseconds_where_a_contract_does() {
        let text = TimestampMs(1_704_110_400_050).to_string();
        assert_eq!(text, "2024-01-01T12:00:00.050Z");
    }
}
