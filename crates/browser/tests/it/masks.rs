//! What must not be seen is not in a picture, a frame or a PDF, and the page is as before afterwards.

use std::io::Read;

use browser::{
    BrowserPage, LoadState, PdfOptions, PictureArea, PictureFormat, PictureMask, ScreencastOptions,
    ScreenshotOptions,
};
use flate2::read::ZlibDecoder;

use crate::setup::{LONG, TestBrowser, locator};

/// A text, one that is split over two elements, fields, and one in a shadow root.
const ELEMENTS: [&str; 5] = ["#t", "#split", "#field", "#pw", "x-s p"];
const SECRET: &str = "hunter2-secret";

async fn picture(test: &TestBrowser, element: &str, mask: PictureMask) -> Vec<u8> {
    let options = ScreenshotOptions {
        area: PictureArea::Element(locator(element)),
        mask,
        ..Default::default()
    };
    test.page.screenshot(&options).await.unwrap().to_vec()
}

fn texts(text: &str) -> PictureMask {
    PictureMask {
        texts: vec![String::from(text)],
        ..Default::default()
    }
}

/// The picture of an element does not depend on the secret in it: with another text of the same size it is the
/// same to the last byte.
#[tokio::test]
async fn covered_text_is_black_in_a_monospaced_page() {
    let test = TestBrowser::on("/secrets.html").await;
    let style = "document.body.style.font = '20px monospace'; field.style.font = pw.style.font = '20px monospace'; 0";
    test.value(style).await;
    let mut pictures = Vec::new();
    for secret in ["aaaaaaaaaaaaaa", "WWWWWWWWWWWWWW"] {
        let (a, b) = secret.split_at(7);
        let script = format!(
            "t.firstChild.data = 'x {secret} y'; field.value = '{secret}'; pw.value = '{secret}'; \
             split.innerHTML = '{a}<b style=\"font-weight:normal\">{b}</b>'; \
             document.querySelector('x-s').shadowRoot.firstChild.textContent = '{secret}'; 0"
        );
        test.value(&script).await;
        for element in ELEMENTS {
            let open = picture(&test, element, PictureMask::default()).await;
            let covered = picture(&test, element, texts(secret)).await;
            assert_ne!(open, covered, "{element}");
            pictures.push(covered);
        }
    }
    let (first, second) = pictures.split_at(ELEMENTS.len());
    for ((first, second), element) in first.iter().zip(second).zip(ELEMENTS) {
        assert!(
            first == second,
            "the picture of {element} depends on the secret"
        );
    }
    // The page is as before.
    assert_eq!(
        test.value("field.getAttribute('style')").await,
        "font: 20px monospace;"
    );
    assert_eq!(test.value("CSS.highlights.size").await, 0);
    test.finish().await;
}

#[tokio::test]
async fn elements_are_covered() {
    let test = TestBrowser::on("/secrets.html").await;
    let mask = PictureMask {
        elements: vec![locator("#picture")],
        ..Default::default()
    };
    let covered = picture(&test, "#picture", mask).await;
    test.value("document.getElementById('picture').textContent = 'Other', 0")
        .await;
    let mask = PictureMask {
        elements: vec![locator("button")],
        ..Default::default()
    };
    assert_eq!(covered, picture(&test, "#picture", mask).await);
    assert_ne!(
        covered,
        picture(&test, "#picture", PictureMask::default()).await
    );
    test.finish().await;
}

/// Every frame of a page whose text changes all the time is the same while the text is a secret.
#[tokio::test]
async fn frames_never_show_a_secret() {
    let test = TestBrowser::on("/secrets.html").await;
    let secrets = ["aaaaaaaa-secret", "WWWWWWWW-secret"]
        .map(String::from)
        .to_vec();
    test.context.set_secrets(secrets, LONG).await.unwrap();
    let only = "document.body.innerHTML = '<p id=t style=\"font:40px monospace\"></p><input id=f style=\"font:40px monospace\">'; 0";
    test.value(only).await;
    let flip = "window.n = 0; void setInterval(() => { n += 1; const s = n % 2 ? 'aaaaaaaa-secret' : 'WWWWWWWW-secret'; \
                t.textContent = s; f.value = s; }, 10)";
    test.value(flip).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let options = ScreencastOptions {
        format: PictureFormat::Png,
        frames_per_second: 60,
        ..Default::default()
    };
    let screencast = test.page.screencast(&options).await.unwrap();
    let mut frames = screencast.frames();
    let mut seen = std::collections::HashSet::new();
    let window = std::time::Instant::now();
    while window.elapsed() < std::time::Duration::from_secs(1) {
        // A page that does not change to the eye sends few frames.
        let wait = std::time::Duration::from_millis(100);
        if tokio::time::timeout(wait, frames.changed()).await.is_ok() {
            let frame = frames.borrow_and_update().clone().unwrap();
            seen.insert(frame.base64.clone());
        }
    }
    assert_eq!(
        seen.len(),
        1,
        "frames differ by what they show of the secret"
    );
    // Also in documents to come, from their first frame on.
    test.visit("/secrets.html").await;
    test.value("document.querySelector('#t').textContent = 'aaaaaaaa-secret', 0")
        .await;
    let one = picture(&test, "#p", PictureMask::default()).await;
    assert!(!one.is_empty());
    assert!(test.value("CSS.highlights.size").await == 1);
    test.finish().await;
}

/// All streams of a PDF, unpacked.
fn unpacked(pdf: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = pdf;
    while let Some(at) = find(rest, b"stream\n") {
        rest = &rest[at + 7..];
        let mut unpacked = Vec::new();
        // What is not packed, and what stands behind "endstream", gives an error.
        let _ = ZlibDecoder::new(rest).read_to_end(&mut unpacked);
        text.push_str(&String::from_utf8_lossy(&unpacked));
    }
    text
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[tokio::test]
async fn a_pdf_does_not_contain_a_covered_text() {
    let test = TestBrowser::on("/secrets.html").await;
    // A letter that nothing else in the page has: a PDF says which letters it draws.
    let secret = "\u{39e}\u{39e}\u{39e}";
    let print = async |mask: PictureMask| {
        let options = PdfOptions {
            mask,
            ..Default::default()
        };
        unpacked(&test.page.pdf(&options).await.unwrap())
    };
    let show =
        format!("t.firstChild.data = 'a {secret} b {secret} c'; field.value = '{secret}'; 0");
    test.value(&show).await;
    assert!(print(PictureMask::default()).await.contains("<039E>"));
    assert!(!print(texts(secret)).await.contains("<039E>"));
    // The text stands in the page again.
    assert_eq!(test.text("#t").await, format!("a {secret} b {secret} c"));
    assert_eq!(test.text("#field").await, secret);
    let style = test.value("field.getAttribute('style')").await;
    assert_eq!(style, serde_json::Value::Null);
    test.finish().await;
}

/// In frames of the same site and of another one, which has a process of its own.
#[tokio::test]
async fn secrets_are_covered_in_frames() {
    let test = TestBrowser::start().await;
    let secrets = vec![String::from(SECRET)];
    test.context.set_secrets(secrets, LONG).await.unwrap();
    test.visit("/frames.html").await;
    for frame in ["frame=#same", "frame=#other", "frame=#nest >> frame=iframe"] {
        let name = locator(&format!("{frame} >> label=Name"));
        let area = async || {
            let options = ScreenshotOptions {
                area: PictureArea::Element(name.clone()),
                ..Default::default()
            };
            test.page.screenshot(&options).await.unwrap()
        };
        test.page.fill(&name, "other", LONG).await.unwrap();
        let open = area().await;
        test.page.fill(&name, SECRET, LONG).await.unwrap();
        let covered = area().await;
        test.page
            .fill(&name, &format!("{SECRET} {SECRET}"), LONG)
            .await
            .unwrap();
        assert_ne!(open, covered, "{frame}");
        // Black all over, whatever is in it.
        assert!(area().await == covered, "{frame}");
    }
    test.finish().await;
}

#[tokio::test]
async fn secrets_are_covered_in_pages_that_others_open() {
    let test = TestBrowser::on("/plain.html").await;
    let secrets = vec![String::from(SECRET)];
    test.context.set_secrets(secrets, LONG).await.unwrap();
    let size = async |page: &BrowserPage, wanted: u64| {
        let expression = format!(
            "new Promise((done) => {{ const look = () => CSS.highlights.size === {wanted} ? done(true) : \
             requestAnimationFrame(look); look(); }})"
        );
        page.evaluate(&expression, LONG).await.unwrap()
    };
    let opened = test.context.opened_pages();
    test.value("void window.open('/secrets.html')").await;
    let popup = test.context.page_after(opened, LONG).await.unwrap();
    let shown = popup.wait_for_url(|url| url.ends_with("/secrets.html"), LONG);
    shown.await.unwrap();
    popup.wait_for_load(LoadState::Load, LONG).await.unwrap();
    assert_eq!(size(&popup, 1).await, true);
    // What is no secret any longer is shown again.
    test.context.set_secrets(Vec::new(), LONG).await.unwrap();
    assert_eq!(size(&popup, 0).await, true);
    test.finish().await;
}
