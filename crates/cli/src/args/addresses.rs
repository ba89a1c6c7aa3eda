//! How addresses are read.

use std::net::SocketAddr;

/// An http or https URL.
pub(super) fn http_url(text: &str) -> Result<String, String> {
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(&*scheme, "http" | "https") || host.is_empty() || host.starts_with('/') {
        return Err(format!("`{text}` is not an http or https URL"));
    }
    Ok(format!("{scheme}://{host}"))
}

/// A server's address, also with what the contract of jobs calls its base. Without a scheme it is http.
pub(super) fn server_url(text: &str) -> Result<String, String> {
    let url = match text.contains("://") {
        true => http_url(text)?,
        false => http_url(&format!("http://{text}"))?,
    };
    let base = url.trim_end_matches('/');
    Ok(base.strip_suffix("/api/v1").unwrap_or(&url).to_owned())
}

/// An origin, as browsers write it.
pub(super) fn origin(text: &str) -> Result<String, String> {
    server::origin(text).ok_or_else(|| {
        format!(
            "`{text}` is not an origin such as https://console.example: a scheme, a host and perhaps \
             a port"
        )
    })
}

/// An address with a port.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse(),
        None => text.parse::<SocketAddr>(),
    };
    address.map_err(|_| format!("`{text}` is not ADDRESS:PORT, such as 127.0.0.1:8080"))
}

#[cfg(test)]
mod tests {
    use super::{http_url, listen, origin, server_url};

    #[test]
    fn urls_and_addresses() {
        assert!(http_url("http://h").is_ok() && http_url("ftp://h").is_err());
        assert!(http_url("http:///path").is_err());
        assert_eq!(http_url("HTTPS://h/P"), Ok("https://h/P".to_owned()));
        assert!(
            http_url("h:1").is_err() && server_url("ftp://h").is_err() && server_url("").is_err()
        );
        for text in ["h:1", "HTTP://h:1", "h:1/api/v1"] {
            assert_eq!(server_url(text), Ok("http://h:1".to_owned()), "{text}");
        }
        assert_eq!(
            server_url("http://h:1/api/v1/"),
            Ok("http://h:1".to_owned())
        );
        assert_eq!(server_url("http://h/p/"), Ok("http://h/p/".to_owned()));
        assert!(listen("localhost:80").is_ok() && listen("[::]:80").is_ok());
        assert!(listen("0.0.0.0").is_err() && listen("play.example:80").is_err());
        let console = Ok("https://console.example".to_owned());
        assert_eq!(origin("https://CONSOLE.example:443/"), console);
        assert!(origin("*").is_err() && origin("https://*.example").is_err());
        assert!(origin("console.example").is_err() && origin("https://h/page").is_err());
    }
}
