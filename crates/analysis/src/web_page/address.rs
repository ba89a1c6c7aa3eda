//! Where links lead.

use serde_json::Value;
use url::{ParseError, Url};

use super::{LinkKind, PageLink};
use crate::Unusable;

/// The address of the page itself.
pub(super) fn base(url: &Value) -> Result<Url, Unusable> {
    let text = url
        .as_str()
        .ok_or_else(|| Unusable(String::from("`url` is no string")))?;
    match Url::parse(text) {
        Ok(url) if is_web(&url) => Ok(url),
        Ok(url) => Err(Unusable(format!(
            "`url` is no web address but one of {}",
            url.scheme()
        ))),
        Err(error) => Err(Unusable(format!("`url`: {error}"))),
    }
}

/// Reads what a link says. `base` is the page's address with what its `<base>` says, `own` the host
/// whose links are its own.
pub(super) fn link(href: &str, base: Option<&Url>, own: Option<&str>) -> PageLink {
    let href = href.trim_matches(|one: char| one.is_ascii_whitespace() || one.is_control());
    let found = match base {
        Some(base) => base.join(href),
        None => Url::parse(href),
    };
    let kind = match &found {
        _ if href.starts_with('#') => LinkKind::Fragment,
        Ok(url) if !is_web(url) => LinkKind::Other,
        Ok(url) if own.is_some() && url.host_str() == own => LinkKind::Internal,
        Ok(_) => LinkKind::External,
        // It is not known whether the host of `//host/path` is the page's own.
        Err(ParseError::RelativeUrlWithoutBase) if href.starts_with("//") => LinkKind::External,
        Err(ParseError::RelativeUrlWithoutBase) => LinkKind::Internal,
        Err(_) => LinkKind::Broken,
    };
    let href = found.map_or_else(|_| String::from(href), String::from);
    PageLink { href, kind }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(href: &str, base: Option<&str>) -> LinkKind {
        let base = base.map(|base| Url::parse(base).unwrap());
        link(href, base.as_ref(), base.as_ref().and_then(Url::host_str)).kind
    }

    #[test]
    fn links_lead_where_they_lead() {
        use LinkKind::{Broken, External, Fragment, Internal, Other};
        for (href, with, without) in [
            ("/a", Internal, Internal),
            ("a/b?c", Internal, Internal),
            ("", Internal, Internal),
            ("#top", Fragment, Fragment),
            ("https://example.org/x", Internal, External),
            ("HTTP://EXAMPLE.ORG:8080/x", Internal, External),
            ("//other.example/x", External, External),
            ("https://other.example", External, External),
            ("mailto:a@example.org", Other, Other),
            ("javascript:void(0)", Other, Other),
            ("java\nscript:void(0)", Other, Other),
            ("data:text/html,x", Other, Other),
            ("http://", Broken, Broken),
            ("http://[::1", Broken, Broken),
        ] {
            assert_eq!(kind(href, Some("https://example.org/p/")), with, "{href:?}");
            assert_eq!(kind(href, None), without, "{href:?}");
        }
    }

    #[test]
    fn a_page_has_a_web_address() {
        for url in ["example.org", "/a", "mailto:a@b", "file:///etc/passwd", ""] {
            assert!(base(&Value::from(url)).is_err(), "{url}");
        }
        assert!(base(&Value::from(7)).is_err());
        assert!(base(&Value::from("https://example.org")).is_ok());
    }
}
