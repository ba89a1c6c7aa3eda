//! What is measured of a page.

use std::collections::BTreeMap;

use serde::Serialize;

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WebPage {
    /// Its numbers.
    pub stats: PageStats,
    /// What a reader sees of it, a line for each block.
    pub text: String,
    /// Each link, in order.
    pub links: Vec<PageLink>,
    /// Each heading, in order.
    pub headings: Vec<Heading>,
}

/// The metric. Texts are none when the page does not say them, or says them empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "each field is described in the plugin's manifest"
)]
pub struct PageStats {
    pub title: Option<String>,
    pub title_characters: u64,
    pub language: Option<String>,
    pub description: Option<String>,
    pub description_characters: u64,
    pub keywords: Option<String>,
    pub robots: Option<String>,
    pub canonical: Option<String>,
    pub open_graph: BTreeMap<String, String>,
    pub words: u64,
    pub internal_links: u64,
    pub external_links: u64,
    pub fragment_links: u64,
    pub other_links: u64,
    pub broken_links: u64,
    pub nofollow_links: u64,
    pub headings: u64,
    pub h1: u64,
    pub h2: u64,
    pub h3: u64,
    pub h4: u64,
    pub h5: u64,
    pub h6: u64,
    pub heading_skips: u64,
    pub images: u64,
    pub images_without_alt: u64,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageLink {
    /// Absolute where the page's address is known, else as it is written.
    pub href: String,
    /// Where it leads.
    pub kind: LinkKind,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// To the same host, or relative to an unknown one.
    Internal,
    /// To another host.
    External,
    /// To a place in the page itself.
    Fragment,
    /// No page: `mailto:`, `tel:`, `javascript:` and the like.
    Other,
    /// Nothing that is an address.
    Broken,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its text, on one line.
    pub text: String,
}
