//! What a schedule is: when, what and how, as it is kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::playbooks::{CatchUp, NewExecution, NewSchedule, Overlap};

use super::timing::Timing;
use crate::{http::check, refusal::Refusal};

/// The zone of an expression that names none.
const UTC: &str = "UTC";
/// Labels of one schedule's executions.
const LABELS_LIMIT: usize = 50;

/// See [`NewSchedule`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) timing: Timing,
    pub(crate) overlap: Overlap,
    pub(crate) catch_up: CatchUp,
    /// What is started each time.
    pub(crate) start: NewExecution,
}

impl Definition {
    /// Reads a request, except for what the library and the vault know. Intervals count from `now`.
    pub(crate) fn of(new: NewSchedule, now: i64) -> Result<Self, Refusal> {
        check::name("name", &new.name)?;
        if new.labels.len() > LABELS_LIMIT {
            let message = format!("labels must be at most {LABELS_LIMIT}");
            return Err(Refusal::field("labels", message));
        }
        for (name, value) in &new.labels {
            check::name("labels", name)?;
            check::optional_name("labels", value)?;
        }
        let zone = new.time_zone.unwrap_or_else(|| UTC.to_owned());
        let alias = match (new.schedule_type, new.schedule_config) {
            (None, _) => None,
            (Some(kind), config) => Some(alias(&kind, &config.unwrap_or_default())?),
        };
        let timing = match (new.cron, new.every, alias) {
            (Some(expression), None, None) | (None, None, Some(When::Cron(expression))) => {
                Timing::Cron {
                    expression: expression.trim().to_owned(),
                    time_zone: zone,
                }
            }
            (None, Some(seconds), None) | (None, None, Some(When::Every(seconds))) => {
                Timing::Every { seconds, from: now }
            }
            (None, None, None) => {
                let message = "cron is missing: give cron, or every for an interval";
                return Err(Refusal::field("cron", message));
            }
            _ => {
                let message = "cron: give either cron or every, not both";
                return Err(Refusal::field("cron", message));
            }
        };
        if timing.times()?.after(now).is_none() {
            let message = "cron never matches: there is no such day";
            return Err(Refusal::field("cron", message));
        }
        Ok(Self {
            timing,
            overlap: new.overlap.unwrap_or_default(),
            catch_up: new.catch_up.unwrap_or_default(),
            start: NewExecution {
                playbook_path: new.playbook_path,
                parameters: new.parameters,
                gateway_url: new.gateway_url,
                credential_name: new.credential_name,
                debug_mode: None,
                timeout_overrides: new.timeout_overrides,
                labels: new.labels,
            },
        })
    }

    /// The request that would make it.
    pub(crate) fn request(self, name: String) -> NewSchedule {
        let (cron, time_zone, every) = match self.timing {
            Timing::Cron {
                expression,
                time_zone,
            } => (Some(expression), Some(time_zone), None),
            Timing::Every { seconds, .. } => (None, None, Some(seconds)),
        };
        NewSchedule {
            name,
            playbook_path: self.start.playbook_path,
            cron,
            every,
            time_zone,
            overlap: Some(self.overlap),
            catch_up: Some(self.catch_up),
            parameters: self.start.parameters,
            gateway_url: self.start.gateway_url,
            credential_name: self.start.credential_name,
            timeout_overrides: self.start.timeout_overrides,
            labels: self.start.labels,
            ..NewSchedule::default()
        }
    }

    /// As it is kept.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Strings, numbers and JSON values have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, store::Error> {
        serde_json::from_slice(bytes)
            .map_err(|error| store::Error::Corrupt(format!("a schedule: {error}")))
    }
}

enum When {
    Cron(String),
    Every(i64),
}

/// When, as clients of the original say it.
fn alias(kind: &str, config: &Map<String, Value>) -> Result<When, Refusal> {
    const FIELD: &str = "schedule_config";
    let wrong = |what: &str| Refusal::field(FIELD, format!("{FIELD}: {what}"));
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    let time = || {
        let (hour, minute) = text("time")?.split_once(':')?;
        let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24)?;
        let minute = minute.parse::<u8>().ok().filter(|minute| *minute < 60)?;
        Some(format!("{minute} {hour}"))
    };
    let time = || time().ok_or_else(|| wrong("time must be a time such as 02:30"));
    match kind {
        "cron" => {
            let expression = text("expression");
            let expression = expression.ok_or_else(|| wrong("expression is missing"))?;
            Ok(When::Cron(expression.to_owned()))
        }
        "interval" => {
            let minutes = config.get("minutes").and_then(Value::as_i64);
            let minutes = minutes.ok_or_else(|| wrong("minutes must be a whole number"))?;
            Ok(When::Every(minutes.saturating_mul(60)))
        }
        "daily" => Ok(When::Cron(format!("{} * * *", time()?))),
        "weekly" => {
            const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
            // A number would be another day in cron than in the original.
            let day = text("day_of_week").map(str::to_lowercase);
            let day = day.and_then(|day| DAYS.into_iter().find(|one| day.starts_with(one)));
            let day = day.ok_or_else(|| wrong("day_of_week must be the name of a day"))?;
            Ok(When::Cron(format!("{} * * {day}", time()?)))
        }
        "monthly" => {
            let day = config.get("day").and_then(Value::as_i64);
            let day = day.filter(|day| (1..=31).contains(day));
            let day = day.ok_or_else(|| wrong("day must be from 1 to 31"))?;
            Ok(When::Cron(format!("{} {day} * *", time()?)))
        }
        _ => {
            let message = "schedule_type must be one of cron, interval, daily, weekly, monthly";
            Err(Refusal::field("schedule_type", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wire::playbooks::NewSchedule;

    use super::{Definition, Timing};

    fn read(fields: &Value) -> Result<Timing, String> {
        let mut body = json!({"name": "A", "playbook_path": "a.yaml"});
        let all = body.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("an object").clone());
        let new: NewSchedule = serde_json::from_value(body).expect("a body");
        let read = Definition::of(new, 0).map_err(|refusal| refusal.field.expect("a field"));
        read.map(|definition| definition.timing)
    }

    fn cron(expression: &str) -> Result<Timing, String> {
        Ok(Timing::Cron {
            expression: expression.to_owned(),
            time_zone: "UTC".to_owned(),
        })
    }

    #[test]
    fn the_words_of_the_original_mean_the_same() {
        let of = |kind: &str, config: Value| {
            read(&json!({"schedule_type": kind, "schedule_config": config}))
        };
        let every = |seconds| Ok(Timing::Every { seconds, from: 0 });
        assert_eq!(
            of("cron", json!({"expression": " 0 6 * * * "})),
            cron("0 6 * * *")
        );
        assert_eq!(of("interval", json!({"minutes": 15})), every(900));
        assert_eq!(of("daily", json!({"time": "02:05"})), cron("5 2 * * *"));
        let weekly = json!({"time": "23:59", "day_of_week": "Friday"});
        assert_eq!(of("weekly", weekly), cron("59 23 * * fri"));
        assert_eq!(
            of("monthly", json!({"time": "0:00", "day": 31})),
            cron("0 0 31 * *")
        );
        let wrong = |kind, config| of(kind, config).expect_err("wrong");
        for (kind, config) in [
            ("daily", json!({"time": "24:00"})),
            ("daily", json!({})),
            ("weekly", json!({"time": "02:00", "day_of_week": 1})),
            ("monthly", json!({"time": "02:00", "day": 32})),
            ("interval", json!({"minutes": "soon"})),
            ("cron", json!({})),
        ] {
            assert_eq!(wrong(kind, config), "schedule_config", "{kind}");
        }
        assert_eq!(wrong("interval", json!({"minutes": 0})), "every");
        assert_eq!(wrong("cron", json!({"expression": "soon"})), "cron");
        assert_eq!(wrong("yearly", json!({})), "schedule_type");
    }

    #[test]
    fn a_schedule_has_one_time() {
        assert_eq!(
            read(&json!({"every": 60})),
            Ok(Timing::Every {
                seconds: 60,
                from: 0
            })
        );
        assert_eq!(read(&json!({"cron": "0 0 * * *"})), cron("0 0 * * *"));
        for wrong in [
            json!({}),
            json!({"cron": "0 0 * * *", "every": 60}),
            json!({"cron": "0 0 30 2 *"}),
        ] {
            assert_eq!(read(&wrong).expect_err("wrong"), "cron");
        }
    }
}
