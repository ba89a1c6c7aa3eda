//! The flags that Chromium is started with.

use std::path::Path;

use super::{LaunchOptions, SandboxSupport};

/// What every browser gets: nothing that calls home, nothing that asks, no throttling of pages that
/// are not in front, and the same colours everywhere.
const ALWAYS: [&str; 29] = [
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--no-startup-window",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-quic",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
];

/// Features of Chromium that would change what a page does between two visits, or load something.
/// A page that is kept for "back" would come to life again without a navigation.
const DISABLED_FEATURES: &str = "--disable-features=AcceptCHFrame,AutoDeElevate,AvoidUnnecessaryBeforeUnloadCheckSync,\
    BackForwardCache,DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls,HttpsUpgrades,\
    MediaRouter,OptimizationHints,PaintHolding,RenderDocument,ThirdPartyStoragePartitioning,Translate";

/// All flags, for a profile in this directory.
pub(super) fn arguments(
    options: &LaunchOptions,
    profile: &Path,
    sandbox: &SandboxSupport,
) -> Vec<String> {
    let mut arguments: Vec<String> = ALWAYS.map(String::from).to_vec();
    arguments.push(String::from(DISABLED_FEATURES));
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if !options.visible {
        arguments.push(String::from("--headless"));
        arguments.push(String::from("--hide-scrollbars"));
    } else {
        // Wayland where there is nothing else; older versions ask for X only.
        arguments.push(String::from("--ozone-platform-hint=auto"));
    }
    if matches!(sandbox, SandboxSupport::Root) {
        arguments.push(String::from("--no-sandbox"));
    }
    arguments.extend(options.arguments.iter().cloned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_goes_without_a_sandbox() {
        let options = LaunchOptions::new("/tmp");
        let flags = |sandbox| arguments(&options, Path::new("/tmp/p"), &sandbox);
        let none = String::from("--no-sandbox");
        assert!(flags(SandboxSupport::Root).contains(&none));
        assert!(!flags(SandboxSupport::Namespaces).contains(&none));
        assert!(flags(SandboxSupport::Setuid).contains(&String::from("--user-data-dir=/tmp/p")));
    }

    #[test]
    fn a_visible_browser_is_not_headless() {
        let mut options = LaunchOptions::new("/tmp");
        options.visible = true;
        let flags = arguments(&options, Path::new("/tmp/p"), &SandboxSupport::Root);
        assert!(!flags.iter().any(|flag| flag == "--headless"));
    }
}
