//! Start and end of the browser's processes.

use std::{path::Path, process::Command, time::Duration};

use browser::{Browser, BrowserError, Chromium, LaunchOptions, SandboxSupport, find};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::setup::{TestBrowser, assert_gone, launch, options, processes};

#[tokio::test]
async fn a_browser_tells_its_version_and_leaves_nothing() {
    let chromium = Chromium::inspect(None).await.unwrap();
    assert!(chromium.version.contains("Chrom"), "{}", chromium.version);
    let is_root = nix::unistd::Uid::effective().is_root();
    assert_eq!(chromium.sandbox == SandboxSupport::Root, is_root);

    let directory = tempfile::tempdir().unwrap();
    let browser = launch(directory.path()).await;
    assert!(
        browser.version().contains("Chrome/"),
        "{}",
        browser.version()
    );
    assert!(browser.is_alive());
    let profile = browser.profile().unwrap().to_path_buf();
    assert!(!processes(&profile).is_empty());
    browser.close().await;
    assert_gone(&profile);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_dropped_browser_leaves_nothing() {
    let test = TestBrowser::on("/plain.html").await;
    let profile = test.browser.profile().unwrap().to_path_buf();
    drop(test.browser);
    assert_gone(&profile);
    let error = test.page.title(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, BrowserError::Gone { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_program_is_an_error_with_the_command_to_install_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = LaunchOptions::new(directory.path());
    options.program = Some("/nowhere/chromium".into());
    let Err(error) = Browser::launch(&options).await else {
        panic!("it was launched");
    };
    assert!(matches!(error, BrowserError::NotInstalled { .. }));
    assert!(
        error.to_string().contains("apt-get install chromium"),
        "{error}"
    );
}

#[tokio::test]
async fn a_program_that_is_no_browser_is_an_error_with_what_it_printed() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("broken");
    std::fs::write(
        &program,
        "#!/bin/sh\necho cannot open display >&2\nexit 3\n",
    )
    .unwrap();
    Command::new("chmod")
        .arg("+x")
        .arg(&program)
        .status()
        .unwrap();
    let mut options = LaunchOptions::new(directory.path());
    options.program = Some(program.clone());
    let Err(error) = Browser::launch(&options).await else {
        panic!("it was launched");
    };
    let error = error.to_string();
    assert!(error.contains("exited with code 3"), "{error}");
    assert!(error.contains("cannot open display"), "{error}");
    std::fs::remove_file(program).unwrap();
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

/// Not a test of its own: what the next one starts in another process.
#[test]
fn owner() {
    let Some(directory) = std::env::var_os("OWNER_DIRECTORY") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let browser = runtime.block_on(launch(Path::new(&directory)));
    std::fs::write(Path::new(&directory).join("ready"), "").unwrap();
    std::thread::sleep(Duration::from_secs(60));
    drop(browser);
}

#[tokio::test]
async fn the_browser_ends_with_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "launch::owner"])
        .env("OWNER_DIRECTORY", directory.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let ready = directory.path().join("ready");
    until(|| ready.exists()).await;
    assert!(!processes(directory.path()).is_empty());
    kill(Pid::from_raw(owner.id().cast_signed()), Signal::SIGKILL).unwrap();
    owner.wait().unwrap();
    until(|| processes(directory.path()).is_empty()).await;
}

#[tokio::test]
async fn contexts_of_one_browser_share_nothing() {
    let test = TestBrowser::on("/cookie").await;
    test.visit("/cookie").await;
    assert_eq!(test.text("p").await, "session=abc");
    let other = test.browser.new_context(options()).await.unwrap();
    let page = other.new_page().await.unwrap();
    let url = test.site.url("/cookie");
    let long = Duration::from_secs(20);
    page.navigate(&url, browser::LoadState::Load, long)
        .await
        .unwrap();
    let text = page.text(&"p".parse().unwrap(), long).await.unwrap();
    assert_eq!(text, "none");
    other.close().await.unwrap();
    assert!(page.is_closed() || page.title(long).await.is_err());
    assert_eq!(test.text("p").await, "session=abc");
    test.finish().await;
}

#[tokio::test]
async fn a_directory_with_a_long_path_is_no_problem() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("long-name-of-a-directory/".repeat(6));
    std::fs::create_dir_all(&deep).unwrap();
    let browser = launch(&deep).await;
    let profile = browser.profile().unwrap().to_path_buf();
    let socket = std::fs::read_link(profile.join("SingletonSocket")).unwrap();
    assert!(
        !socket.starts_with(directory.path()),
        "{}",
        socket.display()
    );
    drop(browser);
    assert_gone(&profile);
    assert!(!socket.exists(), "{} is left", socket.display());
}

#[test]
fn chromium_is_found_in_the_path() {
    assert!(find(None).is_ok());
}

/// Waits for something that comes.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    for _ in 0..1500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come within 30 s");
}
