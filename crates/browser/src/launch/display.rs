//! The display on which a visible browser shows its windows.

use std::{ffi::OsString, path::Path};

/// What leads a program to the display, and lets it in.
const VARIABLES: [&str; 4] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
];
const NONE: &str = "it needs a display for its window, and there is none: neither DISPLAY nor WAYLAND_DISPLAY \
    is set. Run this in a desktop session, or within `xvfb-run`";

/// The variables for the browser, from our own environment.
pub(super) fn variables(
    ours: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<(&'static str, OsString)>, String> {
    let set = |name: &str| ours(name).filter(|value| !value.is_empty());
    if set("DISPLAY").is_none() && set("WAYLAND_DISPLAY").is_none() {
        return Err(String::from(NONE));
    }
    let mut found: Vec<_> = VARIABLES
        .iter()
        .filter_map(|name| Some((*name, set(name)?)))
        .collect();
    // Programs look in their home directory, and that of the browser is its profile.
    if set("XAUTHORITY").is_none()
        && let Some(home) = set("HOME")
    {
        let file = Path::new(&home).join(".Xauthority");
        if file.is_file() {
            found.push(("XAUTHORITY", file.into_os_string()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(environment: &[(&str, &str)]) -> Result<Vec<&'static str>, String> {
        let ours = |name: &str| {
            let mut set = environment.iter();
            let found = set.find(|(known, _)| *known == name)?;
            Some(OsString::from(found.1))
        };
        let found = variables(ours)?;
        Ok(found.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn without_a_display_there_is_no_window() {
        for environment in [&[][..], &[("DISPLAY", ""), ("XDG_RUNTIME_DIR", "/run")]] {
            let error = names(environment).unwrap_err();
            assert!(error.contains("xvfb-run"), "{error}");
        }
    }

    #[test]
    fn what_leads_to_the_display_is_inherited() {
        assert_eq!(
            names(&[("DISPLAY", ":0"), ("TOKEN", "x")]).unwrap(),
            ["DISPLAY"]
        );
        let wayland = [
            ("WAYLAND_DISPLAY", "wayland-0"),
            ("XDG_RUNTIME_DIR", "/run/user/1"),
        ];
        assert_eq!(
            names(&wayland).unwrap(),
            ["WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"]
        );
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".Xauthority"), "").unwrap();
        let x = [("DISPLAY", ":0"), ("HOME", home.path().to_str().unwrap())];
        assert_eq!(names(&x).unwrap(), ["DISPLAY", "XAUTHORITY"]);
    }
}
