//! Screenshots, PDF and frames.

use std::time::{Duration, Instant};

use browser::{
    CompareOptions, PdfOptions, PictureArea, PictureFormat, PixelArea, ScreencastOptions,
    ScreenshotOptions, compare_pictures,
};

use crate::setup::{LONG, TestBrowser, locator};

/// Width and height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[1..4], b"PNG");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn a_screenshot_shows_the_window_the_page_or_an_element() {
    let test = TestBrowser::on("/actions.html").await;
    let take = async |area: PictureArea, format: PictureFormat| {
        let options = ScreenshotOptions {
            area,
            format,
            ..Default::default()
        };
        test.page.screenshot(&options).await.unwrap()
    };
    let window = take(PictureArea::Viewport, PictureFormat::Png).await;
    assert_eq!(size(&window), (1280, 900));
    let all = take(PictureArea::FullPage, PictureFormat::Png).await;
    let (width, height) = size(&all);
    assert_eq!(width, 1280);
    assert!(height > 3000, "{height}");
    let element = PictureArea::Element(locator("#box"));
    assert_eq!(
        size(&take(element.clone(), PictureFormat::Png).await),
        (80, 80)
    );
    // Also where one has to scroll to it.
    let far = take(PictureArea::Element(locator("#far")), PictureFormat::Png).await;
    assert!(size(&far).0 < 200);
    let jpeg = take(element.clone(), PictureFormat::Jpeg { quality: 80 }).await;
    assert_eq!(&jpeg[..2], [0xff, 0xd8]);
    let webp = take(element, PictureFormat::Webp { quality: 80 }).await;
    assert_eq!(&webp[8..12], b"WEBP");
    test.finish().await;
}

#[tokio::test]
async fn a_page_is_printed() {
    let test = TestBrowser::on("/plain.html").await;
    let pdf = test.page.pdf(&PdfOptions::default()).await.unwrap();
    assert_eq!(&pdf[..5], b"%PDF-");
    test.finish().await;
}

#[tokio::test]
async fn frames_come_as_the_page_changes_and_not_too_often() {
    let test = TestBrowser::on("/plain.html").await;
    let options = ScreencastOptions {
        frames_per_second: 10,
        ..Default::default()
    };
    let screencast = test.page.screencast(&options).await.unwrap();
    let mut frames = screencast.frames();
    let paint = "let n = 0; void setInterval(() => { document.body.style.background = `hsl(${n += 9} 90% 50%)` }, 5)";
    test.value(paint).await;
    let begun = Instant::now();
    let mut first = None;
    let mut last = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        let changed = tokio::time::timeout(LONG, frames.changed()).await;
        changed.unwrap().unwrap();
        let frame = frames.borrow_and_update().clone().unwrap();
        first.get_or_insert(frame.number);
        last = frame.number;
        assert_eq!(&frame.bytes()[..2], [0xff, 0xd8]);
        assert!(frame.data_url().starts_with("data:image/jpeg;base64,/9j/"));
        assert_eq!((frame.width, frame.height), (1280.0, 900.0));
    }
    let count = last - first.unwrap();
    assert!((5..=25).contains(&count), "{count} frames in two seconds");
    drop(screencast);
    test.page.close().await.unwrap();
    // The frames end with the page.
    let ended = async { while frames.changed().await.is_ok() {} };
    tokio::time::timeout(LONG, ended).await.unwrap();
    test.finish().await;
}

#[tokio::test]
async fn a_new_screencast_takes_the_place_of_the_old_one() {
    let test = TestBrowser::on("/plain.html").await;
    let jpeg = test
        .page
        .screencast(&ScreencastOptions::default())
        .await
        .unwrap();
    let png = ScreencastOptions {
        format: PictureFormat::Png,
        ..Default::default()
    };
    let second = test.page.screencast(&png).await.unwrap();
    let mut frames = second.frames();
    test.value("void (document.body.style.background = 'red')")
        .await;
    // The first frame may be of the window before it got its size.
    let whole = |frame: &Option<std::sync::Arc<browser::ScreencastFrame>>| {
        let mut frames = frame.iter();
        frames.any(|frame| size(&frame.bytes()) == (1280, 900))
    };
    let sized = tokio::time::timeout(LONG, frames.wait_for(whole)).await;
    assert!(sized.unwrap().is_ok());
    let mut old = jpeg.frames();
    let ended = async { while old.changed().await.is_ok() {} };
    tokio::time::timeout(LONG, ended).await.unwrap();
    test.finish().await;
}

#[tokio::test]
async fn pictures_of_a_page_are_compared() {
    let test = TestBrowser::on("/actions.html").await;
    let take = async || {
        let options = ScreenshotOptions::default();
        test.page.screenshot(&options).await.unwrap()
    };
    let first = take().await;
    let options = CompareOptions::default();
    let same = compare_pictures(&first, &take().await, &options).unwrap();
    assert_eq!((same.equal_percent, same.different_pixels), (100.0, 0));
    assert_eq!(same.compared_pixels, 1280 * 900);
    let paint =
        "target.style.background = '#f00'; const b = target.getBoundingClientRect(); [b.x, b.y]";
    let place = test.value(paint).await;
    let second = take().await;
    let painted = compare_pictures(&first, &second, &options).unwrap();
    assert_eq!(painted.different_pixels, 80 * 80);
    assert_eq!(size(&painted.diff_png), (1280, 900));
    let pixel = |at: usize| place[at].as_f64().unwrap() as u32;
    let options = CompareOptions {
        masks: vec![PixelArea {
            x: pixel(0),
            y: pixel(1),
            width: 81,
            height: 81,
        }],
        ..options
    };
    let masked = compare_pictures(&first, &second, &options).unwrap();
    assert_eq!(masked.different_pixels, 0);
    test.finish().await;
}
