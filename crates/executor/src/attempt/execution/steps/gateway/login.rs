//! `gateway.login`, `gateway.logout`: user and password, as the gateway's own pages log in.

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::{Value, json};

use super::connection::{Gateway, Session, cookies, json as body, location};
use crate::attempt::execution::call::{Done, Left, Parameters, StepEnd, text};

/// Redirects on the way to the first challenge, and back from the last one.
const HOPS: usize = 5;

pub(super) async fn log_in(gateway: &Gateway<'_>, parameters: &Parameters) -> Done {
    let credential = parameters.required("password")?;
    let part = |name: &str| credential.get(name).map(text);
    let username = parameters
        .optional_text("username")
        .or_else(|| part("username"));
    let missing = || StepEnd::refused("parameter `username` is missing");
    let username = username.ok_or_else(missing)?;
    let password = part("password").unwrap_or_else(|| text(credential));
    establish(gateway, &username, &password).await?;
    Ok(Left::output(json!({"status": "logged_in"})))
}

pub(super) fn log_out(gateway: &Gateway<'_>) -> Done {
    gateway.set_session(None);
    Ok(Left::output(json!({"status": "logged_out"})))
}

/// Logs in, and keeps the session.
pub(super) async fn establish(
    gateway: &Gateway<'_>,
    username: &str,
    password: &str,
) -> Result<(), StepEnd> {
    gateway.set_session(None);
    let mut dialog = LoginDialog {
        gateway,
        cookies: Vec::new(),
    };
    let (auth, mut token) = dialog.first().await?;
    token = dialog
        .challenge("next-challenge", &json!({"token": token}))
        .await?
        .1;
    let answer = json!({
        "token": token,
        "rememberMe": false,
        "challenge": {"username": username, "password": password},
    });
    let (said, token) = dialog.challenge("submit-challenge/basic", &answer).await?;
    if said["success"] != true {
        return Err(StepEnd::failed("Invalid username or password"));
    }
    let (said, token) = dialog
        .challenge("next-challenge", &json!({"token": token}))
        .await?;
    if said["complete"] != true {
        let why = "the gateway asks for more than user and password";
        return Err(StepEnd::refused(why));
    }
    let mut back = auth;
    back.query_pairs_mut().append_pair("token", &token);
    let mut response = dialog.get(back).await?;
    for _ in 0..HOPS {
        let Some(next) = dialog.next(&response)? else {
            break;
        };
        response = dialog.get(next).await?;
    }
    let session = dialog
        .send(dialog.gateway.plain(Method::GET, "/data/app/session"))
        .await?;
    if !session.status().is_success() {
        let status = session.status();
        let why = format!("Authentication failed: the gateway gives no session, {status}");
        return Err(StepEnd::failed(why));
    }
    let header = session.headers().get("x-csrf-token");
    let header = header
        .and_then(|token| token.to_str().ok())
        .map(str::to_owned);
    let said = body(session).await.unwrap_or_default();
    let names = ["csrfToken", "csrf-token", "csrf", "xCsrfToken"];
    let csrf = header.or_else(|| {
        names
            .iter()
            .find_map(|name| Some(said.get(*name)?.as_str()?.to_owned()))
    });
    gateway.set_session(Some(Session {
        username: username.to_owned(),
        password: password.to_owned(),
        cookies: dialog.cookies,
        csrf,
    }));
    Ok(())
}

/// The requests of one login, with the cookies that they got.
struct LoginDialog<'a> {
    gateway: &'a Gateway<'a>,
    cookies: Vec<(String, String)>,
}

impl LoginDialog<'_> {
    /// The address that is asked for a code, and the first token.
    async fn first(&mut self) -> Result<(Url, String), StepEnd> {
        let mut response = self
            .send(self.gateway.plain(Method::GET, "/data/app/login"))
            .await?;
        let mut auth = None;
        for _ in 0..HOPS {
            let Some(next) = self.next(&response)? else {
                break;
            };
            let token = next.query_pairs().find(|(name, _)| name == "token");
            if let (Some((_, token)), Some(auth)) = (token, &auth) {
                return Ok((Url::clone(auth), token.into_owned()));
            }
            response = self.get(next.clone()).await?;
            auth = Some(next);
        }
        let status = response.status();
        let why = format!("Authentication failed: the gateway has no login page, {status}");
        Err(StepEnd::failed(why))
    }

    /// One step of the challenges; answers what was said, and the next token.
    async fn challenge(&mut self, name: &str, said: &Value) -> Result<(Value, String), StepEnd> {
        let request = self
            .gateway
            .plain(Method::POST, &format!("/idp/default/authn/{name}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let response = self.send(request.body(said.to_string())).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(StepEnd::failed("Invalid username or password"));
        }
        if !response.status().is_success() {
            let why = format!("Authentication failed: {}", response.status().as_u16());
            return Err(StepEnd::failed(why));
        }
        let answer = body(response).await?;
        let token = answer["token"].as_str().unwrap_or_default().to_owned();
        Ok((answer, token))
    }

    async fn get(&mut self, url: Url) -> Result<Response, StepEnd> {
        // Nothing leaves the gateway.
        let path = self.gateway.below(url.path());
        let path = match url.query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        self.send(self.gateway.plain(Method::GET, &path)).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Response, StepEnd> {
        let request = request.header(header::COOKIE, cookies(&self.cookies));
        let response = self.gateway.send(request).await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap_or_default();
            let pair = text.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.retain(|(known, _)| known != name.trim());
                self.cookies
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Ok(response)
    }

    /// Where a redirect leads.
    fn next(&self, response: &Response) -> Result<Option<Url>, StepEnd> {
        if !response.status().is_redirection() {
            return Ok(None);
        }
        let to = location(response).unwrap_or_default();
        if to.contains("/welcome") {
            return Err(StepEnd::failed("the gateway is not commissioned"));
        }
        let wrong = |error| StepEnd::failed(format!("the gateway redirects to `{to}`: {error}"));
        response.url().join(&to).map(Some).map_err(wrong)
    }
}
