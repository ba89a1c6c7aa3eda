//! `playground logs`.

use std::pin::pin;

use futures_util::{StreamExt, stream};
use wire::client::{Client, Error};

use super::connection;
use crate::{
    args::ServiceLogsArgs,
    exit::{Exit, Failure},
    output::print_line,
    table::plain,
};

pub(super) async fn run(wanted: &ServiceLogsArgs) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.address)?;
    let services = match &wanted.service {
        Some(service) => vec![service.clone()],
        None => {
            let playground = client.playground(&wanted.id).await?;
            let services = playground.services.into_iter();
            services.map(|service| service.name).collect()
        }
    };
    let width = services.iter().map(String::len).max().unwrap_or(0);
    let before = |service: &str| match &wanted.service {
        Some(_) => String::new(),
        None => format!("{:width$} | ", plain(service)),
    };
    if wanted.follow {
        return follow(&client, wanted, &services, before).await;
    }
    for service in &services {
        match client.service_logs(&wanted.id, service, wanted.tail).await {
            Ok(logs) => {
                for line in logs.lines {
                    print_line(&format!("{}{}", before(service), plain(&line)))?;
                }
            }
            // Of all, one that has printed nothing yet is left out.
            Err(error) if wanted.service.is_none() && is_missing(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Exit::OK)
}

fn is_missing(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 404)
}

async fn follow(
    client: &Client,
    wanted: &ServiceLogsArgs,
    services: &[String],
    before: impl Fn(&str) -> String,
) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for service in services {
        let lines = client
            .follow_service_logs(&wanted.id, service, wanted.tail)
            .await?;
        let service = service.clone();
        all.push(lines.map(move |line| (service.clone(), line)).boxed());
    }
    let mut lines = pin!(stream::select_all(all));
    while let Some((service, line)) = lines.next().await {
        print_line(&format!("{}{}", before(&service), plain(&line?.line)))?;
    }
    Ok(Exit::OK)
}
