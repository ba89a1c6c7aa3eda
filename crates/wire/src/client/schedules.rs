//! The calls of a client that makes schedules.

use http::Method;

use super::{Client, Error, Payload, jobs::encode, whole};
use crate::playbooks::{
    DeletedSchedule, NewSchedule, Schedule, ScheduleChange, ScheduleHistory, ScheduleList,
    StartedExecution,
};

impl Client {
    /// Makes a schedule.
    pub async fn create_schedule(&self, new: &NewSchedule) -> Result<Schedule, Error> {
        self.answered(Method::POST, "/api/schedules", new).await
    }

    /// The schedules, oldest first.
    pub async fn schedules(&self) -> Result<ScheduleList, Error> {
        self.fetch("/api/schedules").await
    }

    /// One schedule.
    pub async fn schedule(&self, id: &str) -> Result<Schedule, Error> {
        self.fetch(&path(id, "")).await
    }

    /// Changes a schedule; answers it as it is then.
    pub async fn change_schedule(
        &self,
        id: &str,
        change: &ScheduleChange,
    ) -> Result<Schedule, Error> {
        self.answered(Method::PATCH, &path(id, ""), change).await
    }

    /// Starts what a schedule starts, now.
    pub async fn run_schedule(&self, id: &str) -> Result<StartedExecution, Error> {
        self.ask(&path(id, "/run")).await
    }

    /// What a schedule started, newest first.
    pub async fn schedule_history(&self, id: &str, limit: u32) -> Result<ScheduleHistory, Error> {
        self.fetch(&path(id, &format!("/history?limit={limit}")))
            .await
    }

    /// Deletes a schedule; what it started stays.
    pub async fn delete_schedule(&self, id: &str) -> Result<DeletedSchedule, Error> {
        let gone = self
            .send(Method::DELETE, &path(id, ""), Payload::empty())
            .await?;
        whole(gone).await
    }
}

fn path(id: &str, operation: &str) -> String {
    format!("/api/schedules/{}{operation}", encode(id))
}
