//! The calls of an executor.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};

use super::{Client, Error, Payload, decode, jobs::encode, read, transport::Reply};
use crate::{
    browser::{FrameQuery, FrameViewers},
    executors::{
        AdvanceRun, Advanced, AskApproval, AskPlayground, AskedApproval, AskedPlayground, ChildRun,
        CompareGate, ComparedGate, Exchange, Exchanged, LeaseOf, MachineReport, OutputChunk,
        ParkRun, PutState, Registration, Release, Renew, Renewed, SubmitChild,
    },
    jobs::{Claim, Job},
    playbooks::{OpenedCredential, UseCredential},
    runs::RunPart,
};

/// A path of an executor.
fn of_executor(executor: &str, rest: &str) -> String {
    format!("/api/executors/{}{rest}", encode(executor))
}

/// A path of a run.
fn of_run(run: &str, rest: &str) -> String {
    format!("/api/runs/{}/{rest}", encode(run))
}

/// Something of a run that is named, for the owner of the lease.
fn leased(what: &str, name: &str, of: &LeaseOf) -> String {
    let (executor, token) = (encode(&of.executor), of.token);
    format!("{what}/{}?executor={executor}&token={token}", encode(name))
}

impl Client {
    /// Says what this executor can do.
    pub async fn register(&self, executor: &str, what: &Registration) -> Result<(), Error> {
        self.json::<_, serde_json::Value>(Method::PUT, &of_executor(executor, ""), what)
            .await
            .map(drop)
    }

    /// Claims up to `claim.max` jobs as the contract has it; an empty list when none came in time.
    pub async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, Error> {
        let claim = Claim {
            max: Some(claim.max.unwrap_or(1)),
            ..claim.clone()
        };
        let jobs = self
            .json(Method::POST, "/api/v1/jobs/claim", &claim)
            .await?;
        Ok(jobs.unwrap_or_default())
    }

    /// Reports the ends of attempts and claims runs, in one commit.
    ///
    /// # Errors
    /// See [`Error`]. On [`Error::Unreachable`] the results may or may not be on disk: report them again.
    pub async fn exchange(&self, executor: &str, exchange: &Exchange) -> Result<Exchanged, Error> {
        self.answered(Method::POST, &of_executor(executor, "/exchange"), exchange)
            .await
    }

    /// Renews leases and waits for signals.
    pub async fn renew(&self, executor: &str, renew: &Renew) -> Result<Renewed, Error> {
        self.answered(Method::POST, &of_executor(executor, "/leases"), renew)
            .await
    }

    /// Opens a credential for a step of an execution.
    ///
    /// # Errors
    /// See [`Error`]; a credential that does not exist and a lost lease are a `404`, one that the execution may
    /// not open a `403`.
    pub async fn open_credential(
        &self,
        run: &str,
        wanted: &UseCredential,
    ) -> Result<OpenedCredential, Error> {
        self.answered(Method::POST, &of_run(run, "credentials"), wanted)
            .await
    }

    /// Reports what happened to parts of a run.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`. On [`Error::Unreachable`] it may or may not be on
    /// disk: send the same again.
    pub async fn advance(&self, run: &str, advance: &AdvanceRun) -> Result<Advanced, Error> {
        self.answered(Method::POST, &of_run(run, "parts"), advance)
            .await
    }

    /// Up to 1,000 parts of a run with a higher number than `after`, in order: of a run whose lease the caller
    /// owns, or of one that it may read.
    ///
    /// # Errors
    /// See [`Error`]; a `403` or `404` when it is neither.
    pub async fn parts(&self, run: &str, after: i64) -> Result<Vec<RunPart>, Error> {
        let path = format!("parts?after={after}&limit=1000");
        self.fetch(&of_run(run, &path)).await
    }

    /// Replaces the state of a run.
    ///
    /// # Errors
    /// As for [`Self::advance`].
    pub async fn put_state(&self, run: &str, state: &PutState) -> Result<Advanced, Error> {
        self.answered(Method::PUT, &of_run(run, "state"), state)
            .await
    }

    /// Lets a run wait; its lease ends.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`, a newer signal a `409`.
    pub async fn park(&self, run: &str, park: &ParkRun) -> Result<(), Error> {
        self.json::<_, serde_json::Value>(Method::POST, &of_run(run, "park"), park)
            .await
            .map(drop)
    }

    /// Asks for an approval, or how one stands.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`, a wrong question a `400`.
    pub async fn ask_approval(&self, run: &str, ask: &AskApproval) -> Result<AskedApproval, Error> {
        self.answered(Method::POST, &of_run(run, "approvals"), ask)
            .await
    }

    /// Starts a child of a run, or asks how it stands.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`, a wrong submission a `400`, a run that was cancelled a `409`.
    pub async fn submit_child(&self, run: &str, child: &SubmitChild) -> Result<ChildRun, Error> {
        self.answered(Method::POST, &of_run(run, "children"), child)
            .await
    }

    /// Asks for an operation on a playground, or how it stands.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`, wrong parameters a `422`, a run that was cancelled a `409`.
    pub async fn ask_playground(
        &self,
        run: &str,
        ask: &AskPlayground,
    ) -> Result<AskedPlayground, Error> {
        self.answered(Method::POST, &of_run(run, "playgrounds"), ask)
            .await
    }

    /// Asks what a gate measured in the last good execution.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`.
    pub async fn compare_gate(&self, run: &str, gate: &CompareGate) -> Result<ComparedGate, Error> {
        self.answered(Method::POST, &of_run(run, "gates"), gate)
            .await
    }

    /// Answers a question, or says why there is no answer.
    ///
    /// # Errors
    /// See [`Error`]; a `404` when the answer is not wanted any more.
    pub async fn answer(
        &self,
        executor: &str,
        question: &str,
        answer: Result<Payload, String>,
    ) -> Result<(), Error> {
        let (query, payload) = match answer {
            Ok(payload) => (String::new(), payload),
            Err(error) => (format!("?error={}", encode(&error)), Payload::empty()),
        };
        let path = format!("/answers/{}{query}", encode(question));
        let path = of_executor(executor, &path);
        self.send(Method::POST, &path, payload).await.map(drop)
    }

    /// Asks an executor how its machine is.
    ///
    /// # Errors
    /// See [`Error`]; a `503` when it does not answer.
    pub async fn doctor(&self, executor: &str) -> Result<MachineReport, Error> {
        self.fetch(&of_executor(executor, "/doctor")).await
    }

    /// Releases a run unfinished: it is queued again.
    pub async fn release(&self, run: &str, release: &Release) -> Result<(), Error> {
        self.json::<_, serde_json::Value>(Method::POST, &of_run(run, "release"), release)
            .await
            .map(drop)
    }

    /// Stores a chunk of output.
    pub async fn send_output(
        &self,
        run: &str,
        chunk: &OutputChunk,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let query = format!(
            "output?stream={}&offset={}&executor={}&token={}",
            chunk.stream.as_str(),
            chunk.offset,
            encode(&chunk.executor),
            chunk.token,
        );
        self.send(Method::POST, &of_run(run, &query), Payload::Bytes(bytes))
            .await
            .map(drop)
    }

    /// Shows a picture of a run to its viewers, and answers which there are. `media_type` is its content type.
    pub async fn show_frame(
        &self,
        run: &str,
        of: &FrameQuery,
        media_type: &str,
        image: Bytes,
    ) -> Result<FrameViewers, Error> {
        let mut query = format!(
            "frame?executor={}&token={}&live={}&width={}&height={}&painted_at={}",
            encode(&of.executor),
            of.token,
            of.live,
            of.width,
            of.height,
            of.painted_at
        );
        if let Some(action) = &of.action {
            query.push_str("&action=");
            query.push_str(&encode(action));
        }
        let request = Request::builder()
            .method(Method::PUT)
            .uri(of_run(run, &query))
            .header(header::CONTENT_TYPE, media_type);
        let reply = self.send_with(request, Payload::Bytes(image)).await?;
        decode(reply)
            .await?
            .ok_or_else(|| Error::Answer("it does not say which viewers there are".to_owned()))
    }

    /// Saves what a browser is under a name.
    pub async fn save_browser_state(
        &self,
        run: &str,
        of: &LeaseOf,
        name: &str,
        state: Bytes,
    ) -> Result<(), Error> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(of_run(run, &leased("browser-states", name, of)))
            .header(header::CONTENT_TYPE, "application/json");
        self.send_with(request, Payload::Bytes(state))
            .await
            .map(drop)
    }

    /// What a browser was that was saved under a name.
    pub async fn browser_state(&self, run: &str, of: &LeaseOf, name: &str) -> Result<Bytes, Error> {
        let path = of_run(run, &leased("browser-states", name, of));
        read(self.send(Method::GET, &path, Payload::empty()).await?).await
    }

    /// The picture that a playbook has for comparison under a name, if it has one.
    pub async fn baseline(
        &self,
        run: &str,
        of: &LeaseOf,
        (playbook, name): (&str, &str),
    ) -> Result<Option<Bytes>, Error> {
        let query = format!("&playbook={}", encode(playbook));
        let path = of_run(run, &(leased("baselines", name, of) + &query));
        let reply = self.send(Method::GET, &path, Payload::empty()).await?;
        if reply.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        read(reply).await.map(Some)
    }

    /// Fetches a path of the server itself, such as an uploaded binary.
    pub async fn download(&self, path: &str) -> Result<Reply, Error> {
        self.send(Method::GET, path, Payload::empty()).await
    }
}
