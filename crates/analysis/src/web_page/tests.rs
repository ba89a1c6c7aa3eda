//! A page whose numbers are counted by hand, and malformed pages.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PAGE: &str = r##"<!DOCTYPE html>
<html lang="en-GB"><head>
<title> The   Shop
 of <b>Things</b> &amp; more</title>
<meta name="Description" content="All kinds of things.">
<meta name=keywords content="things, more"><meta name="robots" content="index,follow">
<meta property="og:title" content="Shop"><meta property="og:image" content="/i.png">
<meta property="og:title" content="second">
<link rel="stylesheet canonical" href="/shop"><style>p { color: red }</style>
<script>if (1 < 2) { document.write("<a href='/no'>no</a><h1>no</h1>"); }</script>
</head><body>
<h1>Welcome<br>all</h1>
<p>Buy <a href="/things">things</a>, or <a href="https://other.example/" rel="nofollow noopener">not</a>.
<h3>Skipped</h2>
<!-- <a href="/comment">no</a> -->
<noscript><a href="/none">no</a></noscript>
<svg><title>drawing</title></svg>
<template><a href="/t">t</a> hidden</template>
<img src=a.png><img src=b.png alt=""><IMG SRC=c.png ALT="c">
<a href="#top">up</a> <a name="top">place</a> <a href="mailto:a@example.org">mail</a>
<a href="https://EXAMPLE.org/x">own</a> <a href="http://[">broken</a>
<table><tr><td>one<td>two</table>
<h2>Open"##;

fn example() -> WebPage {
    read(
        PAGE,
        Some(&Url::parse("https://example.org/de/index.html").unwrap()),
    )
}

#[test]
fn a_page_is_counted_by_hand() {
    assert_eq!(
        json!(example().stats),
        json!({
            "title": "The Shop of <b>Things</b> & more", "title_characters": 32,
            "language": "en-GB",
            "description": "All kinds of things.", "description_characters": 20,
            "keywords": "things, more", "robots": "index,follow",
            "canonical": "https://example.org/shop",
            "open_graph": {"title": "Shop", "image": "/i.png"},
            "words": 15,
            "internal_links": 2, "external_links": 1, "fragment_links": 1, "other_links": 1,
            "broken_links": 1, "nofollow_links": 1,
            "headings": 3, "h1": 1, "h2": 1, "h3": 1, "h4": 0, "h5": 0, "h6": 0,
            "heading_skips": 1,
            "images": 3, "images_without_alt": 1,
        })
    );
}

#[test]
fn the_text_is_what_a_reader_sees() {
    assert_eq!(
        example().text,
        "Welcome\nall\n\nBuy things, or not.\n\nSkipped\n\nup place mail own broken\n\none two\n\nOpen"
    );
    let headings: Vec<String> = example()
        .headings
        .into_iter()
        .map(|heading| heading.text)
        .collect();
    assert_eq!(headings, ["Welcome all", "Skipped", "Open"]);
    assert_eq!(example().links[0].href, "https://example.org/things");
}

#[test]
fn the_base_of_the_page_moves_its_links_and_not_what_is_its_own() {
    let html = "<base href='https://cdn.example/x/'><base href='/no'><a href=a>a</a>";
    let page = read(html, Some(&Url::parse("https://example.org/").unwrap()));
    assert_eq!(page.links[0].href, "https://cdn.example/x/a");
    assert_eq!(page.stats.external_links, 1);
}

#[test]
fn what_is_no_page_is_empty() {
    for html in [
        "",
        "   ",
        "<",
        "<!DOCTYPE html>",
        "<!-- open",
        "<a href=",
        "</p></p></h1>",
    ] {
        let stats = read(html, None).stats;
        assert_eq!(
            (stats.title, stats.headings, stats.internal_links),
            (None, 0, 0),
            "{html:?}"
        );
    }
    assert_eq!(read("only text & <unknown>words", None).stats.words, 3);
    assert_eq!(
        read("<script>never closed <h1>x</h1>", None).stats.headings,
        0
    );
}

#[test]
fn a_page_in_chinese_hknown_ass() {
    let page = read("<title>敏捷</title><p>狐狸跳过了懒狗。😀", None);
    assert_eq!((page.stats.title_characters, page.stats.words), (2, 7));
}

#[test]
fn depth_costs_nothing_but_its_length() {
    let depth = 10_000;
    let html = format!(
        "{}x{}",
        "<div><b><h2>".repeat(depth),
        "</h2></b></div>".repeat(depth)
    );
    let stats = read(&html, None).stats;
    assert_eq!((stats.headings, stats.words), (10_000, 1));
    let html = format!("{}<a href=/x>x</a>", "<table><template><svg>".repeat(depth));
    assert_eq!(read(&html, None).stats.words, 0);
}

#[test]
fn a_large_page_is_read() {
    let html = "<p>word <a href=/x>x</a><img>".repeat(50_000);
    let page = read(&html, None);
    assert_eq!(page.stats.words, 100_000);
    assert_eq!(page.stats.images_without_alt, 50_000);
    let left = execute(&json!({"html": html}), None).unwrap();
    assert_eq!(left.metric["internal_links"], 50_000);
    assert_eq!(
        left.output.unwrap()["links"].as_array().unwrap().len(),
        LISTED
    );
}

#[test]
fn input_that_is_no_page_is_refused() {
    for input in [
        json!(1),
        json!({"url": "https://example.org"}),
        json!({"html": "", "url": "x"}),
    ] {
        assert!(execute(&input, None).is_err(), "{input}");
    }
}

#[test]
fn a_summary_says_what_pages_lack() {
    let metrics = [
        json!(example().stats),
        json!(read("<p>one two", None).stats),
    ];
    let summary = summarize(&metrics);
    assert_eq!(summary["pages"], 2);
    assert_eq!(summary["without_title"], json!(1));
    assert_eq!(summary["without_description"], json!(1));
    assert_eq!(summary["words"]["total"], 17);
    assert_eq!(summary["languages"], json!({"en-GB": 1}));
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(html in any::<String>()) {
        let _ = read(&html, None);
    }

    #[test]
    fn tags_in_any_order_are_read(parts in prop::collection::vec(prop::sample::select(vec![
        "<title>", "</title>", "<svg>", "</svg>", "<template>", "</template>", "<script>",
        "</script>", "<h1>", "</h3>", "<a href='//x'>", "<base href=x:>", "text ", "<p", "\"", ">",
    ]), 0..40)) {
        let page = read(&parts.concat(), Url::parse("https://example.org").ok().as_ref());
        prop_assert_eq!(page.stats.headings as usize, page.headings.len());
    }
}
