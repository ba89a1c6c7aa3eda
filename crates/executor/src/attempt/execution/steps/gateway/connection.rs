//! The way to a gateway: addresses, who asks, and what its refusals mean.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::Value;

use super::login;
use crate::attempt::execution::{
    call::{EarlierLogin, Parameters, StepCall, StepEnd},
    steps::http::client::{ClientOptions, reason},
};

/// Where the API is.
const API: &str = "/data/api/v1";
/// How much of a refusal is shown.
const SHOWN_BYTES: usize = 300;

/// Who is logged in where, for as long as the attempt lives. Another attempt logs in again.
#[derive(Default)]
pub(in crate::attempt::execution) struct Sessions(Mutex<HashMap<String, Session>>);

/// A login at one gateway.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) cookies: Vec<(String, String)>,
    /// What changes need besides the cookies.
    pub(super) csrf: Option<String>,
}

/// A gateway, as a step sees it.
pub(super) struct Gateway<'a> {
    pub(super) call: &'a StepCall<'a>,
    pub(super) base: Url,
    client: reqwest::Client,
    token: Option<String>,
}

impl<'a> Gateway<'a> {
    pub(super) fn of(call: &'a StepCall<'a>) -> Result<Self, StepEnd> {
        Self::with(call, &call.parameters)
    }

    fn with(call: &'a StepCall<'a>, parameters: &Parameters) -> Result<Self, StepEnd> {
        let given = parameters.optional_text("gateway_url");
        let url = given.or_else(|| call.context.input.gateway_url.clone());
        let missing = "neither the step nor the execution has a `gateway_url`";
        let url = url.ok_or_else(|| StepEnd::refused(missing))?;
        let base = Url::parse(url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| StepEnd::refused("`gateway_url` is not an http or https URL"))?;
        let client = ClientOptions {
            verify_tls: parameters.flag("verify_tls", true)?,
            ca_certificate: None,
            // A redirect says something: a gateway that is not commissioned redirects everything.
            redirects: 0,
        };
        let client = call.context.clients.get(&base, client);
        Ok(Self {
            call,
            client: client.map_err(StepEnd::refused)?,
            base,
            token: parameters.optional_text("api_token"),
        })
    }

    /// Makes the login of an earlier attempt again, if this step relies on it.
    async fn log_in_again(&self) -> Result<(), StepEnd> {
        let EarlierLogin::Known(parameters) = &self.call.login else {
            return Ok(());
        };
        if self.token.is_some() || self.session().is_some() {
            return Ok(());
        }
        let gateway = Self::with(self.call, parameters)?;
        login::log_in(&gateway, parameters).await.map(drop)
    }

    /// The login at this gateway, if there is one.
    pub(super) fn session(&self) -> Option<Session> {
        self.sessions(|sessions| sessions.get(self.base.as_str()).cloned())
    }

    pub(super) fn set_session(&self, session: Option<Session>) {
        self.sessions(|sessions| match session {
            Some(session) => sessions.insert(self.base.to_string(), session),
            None => sessions.remove(self.base.as_str()),
        });
    }

    fn sessions<T>(&self, with: impl FnOnce(&mut HashMap<String, Session>) -> T) -> T {
        let sessions = &self.call.context.sessions.0;
        with(&mut sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request that says nothing of who asks.
    pub(super) fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        self.client.request(method, url)
    }

    /// The path of a redirect below the gateway's own, which a proxy may have put before all of its paths.
    pub(super) fn below(&self, path: &str) -> String {
        let prefix = self.base.path().trim_end_matches('/');
        let rest = path.strip_prefix(prefix);
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        rest.unwrap_or(path).to_owned()
    }

    /// A request to the API, and its answer if that is none of the refusals.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, StepEnd> {
        let response = self.answer(&method, path, with).await?;
        self.accepted(response).await
    }

    /// The same where one refusal is none.
    pub(super) async fn ask_unless(
        &self,
        method: Method,
        path: &str,
        fine: StatusCode,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(), StepEnd> {
        let response = self.answer(&method, path, with).await?;
        if response.status() == fine {
            return Ok(());
        }
        self.accepted(response).await.map(drop)
    }

    /// The answer of the API, after another login if the old one does not count any more.
    async fn answer(
        &self,
        method: &Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, StepEnd> {
        self.log_in_again().await?;
        let build = || with(self.plain(method.clone(), &format!("{API}{path}")));
        let response = self.send(self.signed(build(), method)).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && self.token.is_none()
            && let Some(session) = self.session()
        {
            login::establish(self, &session.username, &session.password).await?;
            return self.send(self.signed(build(), method)).await;
        }
        Ok(response)
    }

    /// The same, once: its body is a stream.
    pub(super) async fn ask_once(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, StepEnd> {
        self.log_in_again().await?;
        let request = with(self.plain(method.clone(), &format!("{API}{path}")));
        let response = self.send(self.signed(request, &method)).await?;
        self.accepted(response).await
    }

    /// What the API has at a path.
    pub(super) async fn get(&self, path: &str) -> Result<Value, StepEnd> {
        json(self.ask(Method::GET, path, |request| request).await?).await
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, StepEnd> {
        let sent = request.send().await;
        sent.map_err(|error| StepEnd::failed(format!("the gateway: {}", reason(&error))))
    }

    fn signed(&self, request: RequestBuilder, method: &Method) -> RequestBuilder {
        if let Some(token) = &self.token {
            return request.header("X-Ignition-API-Token", token);
        }
        let Some(session) = self.session() else {
            return request;
        };
        let request = request.header(header::COOKIE, cookies(&session.cookies));
        match session.csrf.filter(|_| *method != Method::GET) {
            Some(csrf) => request.header("X-CSRF-Token", csrf),
            None => request,
        }
    }

    /// An answer that is no refusal, or what the refusal means.
    async fn accepted(&self, response: Response) -> Result<Response, StepEnd> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let who = if self.token.is_some() {
            "token"
        } else {
            "login"
        };
        if status.is_redirection() {
            let to = location(&response).unwrap_or_default();
            let why = if to.contains("/welcome") {
                "the gateway is not commissioned".to_owned()
            } else {
                format!("the gateway redirects to {to}")
            };
            return Err(StepEnd::failed(why));
        }
        let why = match status {
            StatusCode::UNAUTHORIZED if self.token.is_none() && self.session().is_none() => {
                let lost = match self.call.login {
                    EarlierLogin::Lost => {
                        ". The login from before the execution waited or was interrupted cannot be made \
                         again: log in again in the same group"
                    }
                    _ => "",
                };
                format!(
                    "the gateway wants to know who asks: give `api_token`, or run gateway.login before{lost}"
                )
            }
            StatusCode::UNAUTHORIZED if self.base.scheme() == "http" && self.token.is_some() => {
                "the gateway refuses the token (401); it may want HTTPS for tokens".to_owned()
            }
            StatusCode::UNAUTHORIZED => format!("the gateway refuses the {who} (401)"),
            StatusCode::FORBIDDEN => {
                format!("the security level of the {who} does not permit this (403)")
            }
            _ => format!("the gateway answered {status}{}", said(response).await),
        };
        Err(StepEnd::failed(why))
    }
}

/// Where a redirect leads.
pub(super) fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION)?;
    location.to_str().ok().map(str::to_owned)
}

/// Cookies as they are sent.
pub(super) fn cookies(cookies: &[(String, String)]) -> String {
    let pairs = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("; ")
}

/// The JSON of an answer.
pub(super) async fn json(response: Response) -> Result<Value, StepEnd> {
    let body = response.bytes().await;
    let body = body.map_err(|error| StepEnd::failed(format!("the gateway: {}", reason(&error))))?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let wrong = |error| StepEnd::failed(format!("the gateway's answer is not JSON: {error}"));
    serde_json::from_slice(&body).map_err(wrong)
}

/// What a refusal says, unless it is a page for people.
async fn said(response: Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let text = response.text().await.unwrap_or_default();
    if page || text.trim().is_empty() {
        return String::new();
    }
    let message = serde_json::from_str::<Value>(&text).ok();
    let message = message.and_then(|json| Some(json.get("message")?.as_str()?.to_owned()));
    let text = message.unwrap_or(text);
    format!(": {}", text[..text.floor_char_boundary(SHOWN_BYTES)].trim())
}
