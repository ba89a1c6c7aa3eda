//! Asks the server that a URL names, and those that it redirects to.

use std::collections::BTreeMap;

use reqwest::{
    Response, StatusCode, Url,
    header::{HeaderName, HeaderValue, LOCATION},
};

use super::{
    Error,
    fetch::{FetchFailure, Fetcher, reason},
};
use crate::addresses::Refused;

impl Fetcher {
    /// The answer at the end of all redirects. The headers of the source go to its own server alone, and to that no
    /// more once it redirected elsewhere.
    pub(super) async fn ask_web(
        &self,
        mut url: Url,
        headers: &BTreeMap<String, String>,
        rest: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Response, FetchFailure> {
        let refuse = |why: String| FetchFailure::Final(Error::Fetch(self.shown_failure(why)));
        let mut headers = headers_of(headers)?;
        for redirects in 0.. {
            let checked = self.limits.addresses.check(&url);
            checked.map_err(|refused| refuse(refused.to_string()))?;
            let mut request = self.client.get(url.clone());
            for (name, value) in headers.iter().chain(&rest) {
                request = request.header(name, value);
            }
            let answer = request.send().await.map_err(|error| {
                let why = reason(&error);
                match Refused::is_named_in(&why) {
                    true => refuse(why),
                    false => FetchFailure::Passing(why, None),
                }
            })?;
            if !leads_on(answer.status()) {
                return Ok(answer);
            }
            if redirects >= self.limits.redirects {
                return Err(refuse(format!(
                    "more than {} redirects",
                    self.limits.redirects
                )));
            }
            let next = next(&url, &answer).map_err(refuse)?;
            if next.origin() != url.origin() {
                headers.clear();
            }
            url = next;
        }
        Err(refuse("it is redirected without end".to_owned()))
    }
}

/// Where an answer leads.
fn next(url: &Url, answer: &Response) -> Result<Url, String> {
    let status = answer.status();
    let place = answer.headers().get(LOCATION);
    let place = place.ok_or_else(|| {
        format!("the server answered {status} without saying where it is: there is no Location")
    })?;
    let next = place.to_str().ok().and_then(|place| url.join(place).ok());
    let next =
        next.ok_or_else(|| format!("the server answered {status} with a Location that is no URL"))?;
    match is_web(&next) {
        true => Ok(next),
        false => Err("it is redirected to something that is not http or https".to_owned()),
    }
}

/// Whether a status says that the program is elsewhere.
fn leads_on(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn headers_of(
    headers: &BTreeMap<String, String>,
) -> Result<Vec<(HeaderName, HeaderValue)>, FetchFailure> {
    let of = |(name, value): (&String, &String)| {
        let parsed = (name.parse(), HeaderValue::from_str(value));
        match parsed {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                Ok((name, value))
            }
            // Neither is told: they may be secret.
            _ => Err(FetchFailure::Final(Error::Invalid(
                "a header for the download has characters that no header has".to_owned(),
            ))),
        }
    };
    headers.iter().map(of).collect()
}

pub(super) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
