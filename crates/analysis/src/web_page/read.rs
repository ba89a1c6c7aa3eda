//! Reads a page tag by tag.

use std::borrow::Cow;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::{
    Heading, LinkKind, WebPage, address,
    text::{Text, separate},
};

/// What is read and is not part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aside {
    /// The text between the tags of the first `<title>`.
    Title,
    /// A script, a style sheet, or what is shown only without scripts.
    Hidden,
}

struct PageReader<'a> {
    page: WebPage,
    text: Text,
    base: Option<Cow<'a, Url>>,
    own: Option<&'a str>,
    has_base_tag: bool,
    title: Option<Text>,
    aside: Option<(Aside, Vec<u8>)>,
    heading: Option<(u8, Text)>,
    /// Drawings have titles of their own, templates have text that is not shown.
    drawings: u64,
    templates: u64,
}

pub(super) fn page(html: &str, base: Option<&Url>) -> WebPage {
    let mut reader = PageReader {
        page: WebPage::default(),
        text: Text::default(),
        base: base.map(Cow::Borrowed),
        own: base.and_then(Url::host_str),
        has_base_tag: false,
        title: None,
        aside: None,
        heading: None,
        drawings: 0,
        templates: 0,
    };
    let mut emitter = DefaultEmitter::<()>::default();
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&tag.name),
            Token::String(text) => reader.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    reader.finish()
}

impl<'a> PageReader<'a> {
    fn start(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        self.separate(name);
        match name {
            b"template" if !tag.self_closing => self.templates += 1,
            b"svg" | b"math" if !tag.self_closing => self.drawings += 1,
            b"script" | b"style" | b"noscript" | b"iframe" | b"noembed" | b"noframes" => {
                self.aside = Some((Aside::Hidden, Vec::from(name)));
            }
            b"title" => {
                let first = self.title.is_none() && self.drawings == 0;
                let aside = if first { Aside::Title } else { Aside::Hidden };
                if first {
                    self.title = Some(Text::default());
                }
                self.aside = Some((aside, Vec::from(name)));
            }
            _ if self.templates > 0 => {}
            b"html" => self.page.stats.language = attribute(tag, "lang"),
            b"base" => self.base_tag(tag),
            b"meta" => self.meta(tag),
            b"link" if hknown_as(tag, "rel", "canonical") => {
                let href = attribute(tag, "href").map(|href| self.resolved(&href));
                keep(&mut self.page.stats.canonical, href);
            }
            b"a" | b"area" => self.link(tag),
            b"img" => {
                self.page.stats.images += 1;
                let lacks_alt = !tag.attributes.contains_key(&b"alt"[..]);
                self.page.stats.images_without_alt += u64::from(lacks_alt);
            }
            [b'h', level @ b'1'..=b'6'] => {
                self.close_heading();
                self.heading = Some((level - b'0', Text::default()));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        if self.aside.as_ref().is_some_and(|(_, tag)| tag == name) {
            self.aside = None;
        }
        self.separate(name);
        match name {
            b"template" => self.templates = self.templates.saturating_sub(1),
            b"svg" | b"math" => self.drawings = self.drawings.saturating_sub(1),
            // Whatever heading the tag names, it closes the one that is open.
            [b'h', b'1'..=b'6'] => self.close_heading(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match (&self.aside, &mut self.title) {
            (Some((Aside::Title, _)), Some(title)) => title.push(text),
            (Some(_), _) => {}
            _ if self.templates > 0 => {}
            _ => {
                self.text.push(text);
                if let Some((_, heading)) = &mut self.heading {
                    heading.push(text);
                }
            }
        }
    }

    fn separate(&mut self, tag: &[u8]) {
        separate(&mut self.text, tag);
        if let Some((_, heading)) = &mut self.heading {
            separate(heading, tag);
        }
    }

    /// Only the first counts, and only if it is an address.
    fn base_tag(&mut self, tag: &StartTag<()>) {
        let Some(href) = attribute(tag, "href").filter(|_| !self.has_base_tag) else {
            return;
        };
        self.has_base_tag = true;
        let found = match &self.base {
            Some(base) => base.join(&href),
            None => Url::parse(&href),
        };
        if let Ok(url) = found {
            self.base = Some(Cow::Owned(url));
        }
    }

    fn resolved(&self, href: &str) -> String {
        match self.base.as_deref().map(|base| base.join(href)) {
            Some(Ok(url)) => String::from(url),
            _ => String::from(href),
        }
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let content = attribute(tag, "content");
        let stats = &mut self.page.stats;
        match attribute(tag, "name")
            .map(|name| name.to_lowercase())
            .as_deref()
        {
            Some("description") => keep(&mut stats.description, content.clone()),
            Some("keywords") => keep(&mut stats.keywords, content.clone()),
            Some("robots") => keep(&mut stats.robots, content.clone()),
            _ => {}
        }
        let property = attribute(tag, "property").or_else(|| attribute(tag, "name"));
        if let (Some(property), Some(content)) = (property, content)
            && let Some(name) = property.to_lowercase().strip_prefix("og:")
        {
            stats
                .open_graph
                .entry(String::from(name))
                .or_insert(content);
        }
    }

    fn link(&mut self, tag: &StartTag<()>) {
        // An anchor without an address is a place, not a link.
        let Some(href) = tag.attributes.get(&b"href"[..]) else {
            return;
        };
        let href = String::from_utf8_lossy(href);
        let link = address::link(&href, self.base.as_deref(), self.own);
        let stats = &mut self.page.stats;
        *match link.kind {
            LinkKind::Internal => &mut stats.internal_links,
            LinkKind::External => &mut stats.external_links,
            LinkKind::Fragment => &mut stats.fragment_links,
            LinkKind::Other => &mut stats.other_links,
            LinkKind::Broken => &mut stats.broken_links,
        } += 1;
        stats.nofollow_links += u64::from(hknown_as(tag, "rel", "nofollow"));
        self.page.links.push(link);
    }

    fn close_heading(&mut self) {
        let Some((level, text)) = self.heading.take() else {
            return;
        };
        let stats = &mut self.page.stats;
        stats.headings += 1;
        *match level {
            1 => &mut stats.h1,
            2 => &mut stats.h2,
            3 => &mut stats.h3,
            4 => &mut stats.h4,
            5 => &mut stats.h5,
            _ => &mut stats.h6,
        } += 1;
        // A page begins with its h1, so one that begins with an h2 skips a level, too.
        let before = self.page.headings.last().map_or(0, |heading| heading.level);
        stats.heading_skips += u64::from(level > before + 1);
        let text = text.into_text().replace('\n', " ");
        self.page.headings.push(Heading { level, text });
    }

    fn finish(mut self) -> WebPage {
        self.close_heading();
        let mut page = self.page;
        page.text = self.text.into_text();
        let stats = &mut page.stats;
        let title = self
            .title
            .map(Text::into_text)
            .map(|title| title.replace('\n', " "));
        stats.title = title.filter(|title| !title.is_empty());
        let length = |text: &Option<String>| {
            text.as_deref()
                .map_or(0, |text| text.graphemes(true).fold(0, |count, _| count + 1))
        };
        stats.title_characters = length(&stats.title);
        stats.description_characters = length(&stats.description);
        stats.words = page.text.unicode_words().fold(0, |count, _| count + 1);
        page
    }
}

/// The first that is there counts.
fn keep(place: &mut Option<String>, found: Option<String>) {
    if place.is_none() {
        *place = found;
    }
}

/// An attribute's value on one line; none when it is empty.
fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(tag.attributes.get(name.as_bytes())?);
    let words: Vec<&str> = value.split_whitespace().collect();
    Some(words.join(" ")).filter(|value| !value.is_empty())
}

fn hknown_as(tag: &StartTag<()>, attribute_name: &str, word: &str) -> bool {
    attribute(tag, attribute_name)
        .is_some_and(|value| value.split(' ').any(|one| one.eq_ignore_ascii_case(word)))
}
