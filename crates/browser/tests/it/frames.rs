//! Elements in frames of the same site, of another site, and in frames of frames.

use std::fs;

use browser::{ClickOptions, PictureArea, ScreenshotOptions};

use crate::setup::{LONG, SHORT, TestBrowser, locator};

#[tokio::test]
async fn elements_in_frames_are_found_and_clicked() {
    let test = TestBrowser::on("/frames.html").await;
    let page = &test.page;
    for frame in ["frame=#same", "frame=#other", "frame=#nest >> frame=iframe"] {
        test.click(&format!("{frame} >> text=Press")).await;
        assert_eq!(
            test.text(&format!("{frame} >> button >> nth=0")).await,
            "clicked",
            "{frame}"
        );
        // Below the edge of the frame.
        test.click(&format!("{frame} >> text=Deep")).await;
        assert_eq!(
            test.text(&format!("{frame} >> button >> nth=1")).await,
            "deep",
            "{frame}"
        );
        let name = locator(&format!("{frame} >> label=Name"));
        page.fill(&name, "Ada", LONG).await.unwrap();
        assert_eq!(
            page.input_value(&name, LONG).await.unwrap(),
            "Ada",
            "{frame}"
        );
        let file = test.directory.path().join("up.txt");
        fs::write(&file, "x").unwrap();
        let input = locator(&format!("{frame} >> input[type=file]"));
        page.upload(&input, &[file], LONG).await.unwrap();
        let title = page.attribute(&input, "title", LONG).await.unwrap();
        assert_eq!(title.as_deref(), Some("up.txt"), "{frame}");
    }
    test.finish().await;
}

#[tokio::test]
async fn a_frame_below_something_is_not_clicked() {
    let test = TestBrowser::on("/frames.html").await;
    let cover = "document.body.insertAdjacentHTML('beforeend', '<div id=veil style=\"position:fixed;inset:0\"></div>')";
    test.value(cover).await;
    let options = ClickOptions {
        timeout: SHORT,
        ..Default::default()
    };
    let press = locator("frame=#other >> text=Press");
    let error = test
        .page
        .click(&press, &options)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("<div id=\"veil\"></div> receives the events"),
        "{error}"
    );
    test.finish().await;
}

/// What comes to lie over an element of another site's frame when the mouse is already there gets no click.
#[tokio::test]
async fn a_click_into_a_frame_of_another_site_is_stolen_by_nothing() {
    let test = TestBrowser::start().await;
    let veil = "const veil = document.createElement('div'); veil.id = 'veil'; \
                veil.style = 'position:fixed;inset:0;z-index:9'; \
                veil.onmousedown = veil.onmouseup = veil.onclick = () => { window.stolen = (window.stolen || 0) + 1; }; \
                document.body.append(veil);";
    let button = "<button onclick=\"this.textContent = 'clicked'\">Press</button>";
    let tell =
        "<script>onmessage = event => event.source.postMessage(window.stolen || 0, '*')</script>";
    let over = format!(
        "<script>document.addEventListener('mouseover', () => {{ {veil} }}, {{once: true}})</script>"
    );
    test.visit("/plain.html").await;
    let source = format!("/inline?html={}", encoded(&format!("{button}{tell}{over}")));
    let source = test.site.other_url(&source);
    let script = format!(
        "new Promise(done => {{ const made = document.createElement('iframe'); made.id = 'other'; \
         made.onload = () => done(0); made.src = '{source}'; document.body.append(made); }})"
    );
    test.value(&script).await;
    let options = ClickOptions {
        timeout: SHORT,
        ..Default::default()
    };
    let press = locator("frame=#other >> button");
    let error = test.page.click(&press, &options).await.unwrap_err();
    assert!(error.to_string().contains("veil"), "{error}");
    assert_eq!(test.text("frame=#other >> button").await, "Press");
    let asked = "new Promise(done => { onmessage = event => done(event.data); \
                 document.getElementById('other').contentWindow.postMessage(0, '*') })";
    assert_eq!(test.value(asked).await, 0);
    test.finish().await;
}

/// For a query, with every byte that is no letter or digit escaped.
fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}

#[tokio::test]
async fn what_is_no_frame_is_told() {
    let test = TestBrowser::on("/frames.html").await;
    let text = async |of: &str| {
        test.page
            .text(&locator(of), SHORT)
            .await
            .unwrap_err()
            .to_string()
    };
    let error = text("frame=#notframe >> p").await;
    assert!(
        error.contains("<div id=\"notframe\">x</div> is no frame"),
        "{error}"
    );
    let error = text("frame=iframe >> p").await;
    assert!(error.contains("matches 3 elements"), "{error}");
    let error = text("frame=#nope >> p").await;
    assert!(
        error.contains("no element matches the frame's selector"),
        "{error}"
    );
    test.finish().await;
}

#[tokio::test]
async fn an_element_in_a_frame_has_a_picture() {
    let test = TestBrowser::on("/frames.html").await;
    let options = ScreenshotOptions {
        area: PictureArea::Element(locator("frame=#same >> text=Press")),
        ..Default::default()
    };
    let picture = test.page.screenshot(&options).await.unwrap();
    assert_eq!(&picture[1..4], b"PNG");
    test.finish().await;
}
