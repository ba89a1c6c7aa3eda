//! `playground open`.

use std::process::{Command, Stdio};

use super::connection;
use crate::{
    args::OpenService,
    exit::{Exit, Failure},
    output::print_line,
    table::plain,
};

/// Programs that open a URL.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

pub(super) async fn run(wanted: &OpenService) -> Result<Exit, Failure> {
    let client = connection::open(&wanted.address)?;
    let playground = client.playground(&wanted.id).await?;
    let mut urls = playground.service_urls.iter();
    let found = match &wanted.service {
        Some(service) => urls.find(|one| one.url.name == *service),
        None => urls.next(),
    };
    let Some(found) = found else {
        let which = match &wanted.service {
            Some(service) => format!("service {service}"),
            None => "no service".to_owned(),
        };
        let message = format!(
            "{which} of {} is reached through the router: label it with `playgrounds.expose: external:PORT`",
            wanted.id
        );
        return Err(Failure::new(Exit::NOT_FOUND, message));
    };
    print_line(&plain(&found.url.url))?;
    if !wanted.print {
        for opener in OPENERS {
            let mut command = Command::new(opener);
            command.arg(&found.url.url);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if command.spawn().is_ok() {
                break;
            }
        }
    }
    Ok(Exit::OK)
}
