//! What a job is shown, and what is told where less can be held.

use std::{fs, os::unix::fs::PermissionsExt};

use executor::{
    AllowedPath, Isolation, Settings, Support, probe,
    shim::{Part, Spec},
};
use serde_json::json;

use crate::{
    test_dir::{TestDir, run, shim},
    test_executor::TestExecutor,
};

#[tokio::test]
async fn what_is_allowed_is_seen_without_what_is_hidden_in_it() {
    let without_mounts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| !matches!(part, Part::MountNamespace | Part::OwnId))
        .collect();
    for parts in [&Part::ALL[..], &without_mounts] {
        let dir = TestDir::new();
        for folder in ["shown/secrets", "open"] {
            fs::create_dir_all(dir.path(folder)).expect("made");
        }
        for file in ["shown/file", "shown/secrets/file", "shown/key", "open/file"] {
            fs::write(dir.path(file), file).expect("written");
        }
        let mut spec = dir.spec(
            "cd ..; for f in shown/file shown/secrets/file shown/key; do cat $f 2>/dev/null && echo; done\n\
             echo x 2>/dev/null >shown/file || echo read-only\n\
             echo x >open/file && cat open/file",
            parts,
        );
        spec.view.readable.push(dir.path("shown"));
        spec.view.writable.push(dir.path("open"));
        spec.view.hidden = vec![dir.path("shown/secrets"), dir.path("shown/key")];
        assert_eq!(
            run(&spec).await.text(),
            "shown/file\nread-only\nx\n",
            "{parts:?}"
        );
    }
}

#[tokio::test]
async fn a_device_is_there_when_it_is_allowed() {
    const DEVICE: &str = "/dev/kmsg";
    let dir = TestDir::new();
    let text = format!("test -c {DEVICE} && echo there; ls /dev | wc -w");
    let mut spec = dir.spec(&text, &Part::ALL);
    let without = run(&spec).await.text();
    spec.view.devices.push(DEVICE.into());
    let with = run(&spec).await.text();
    let count = |text: &str| text.trim().parse::<u32>().expect("a number");
    let with = with.strip_prefix("there\n").expect("it is there");
    assert_eq!(count(with), count(&without) + 1);
}

#[tokio::test]
async fn a_user_of_its_own_has_no_rights_and_what_it_leaves_is_its_own() {
    const ID: u32 = 2_147_000_777;
    let dir = TestDir::new();
    std::os::unix::fs::chown(dir.work(), Some(ID), Some(ID)).expect("it is given");
    let spec = Spec {
        user: Some(ID),
        groups: vec![4_321],
        ..dir.spec(
            "id -u; id -G; grep CapBnd /proc/self/status | cut -f2; touch f",
            &Part::ALL,
        )
    };
    let text = run(&spec).await.text();
    assert_eq!(text, format!("{ID}\n{ID} 4321\n0000000000000000\n"));
    let left = fs::metadata(dir.work().join("f")).expect("a file");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&left), ID);
}

/// A shim that may neither make namespaces nor mount, as in many containers.
fn confined_shim() -> Vec<std::ffi::OsString> {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -sys_admin \"$0\" \"$@\"";
    let words = ["unshare", "--user", "--map-root-user", "sh", "-c", script];
    words.map(Into::into).into_iter().chain(shim()).collect()
}

#[tokio::test]
async fn where_nothing_can_be_mounted_that_is_told_and_files_are_still_hidden() {
    let dir = TestDir::new();
    let settings = Settings::new("probe", dir.path("data"), confined_shim());
    let findings = probe(&settings);
    let finding = |part: Part| {
        let mut findings = findings.iter();
        findings
            .find(|finding| finding.name == part.name())
            .expect("every part has a finding")
    };
    let missing = [Part::MountNamespace, Part::OwnId, Part::IpcNamespace];
    for part in missing {
        let finding = finding(part);
        assert_eq!(finding.support, Support::Missing, "{finding:?}");
        assert!(finding.detail.ends_with(part.without()), "{finding:?}");
    }
    assert_eq!(finding(Part::Landlock).support, Support::Full);

    let executor = TestExecutor::new(|settings| settings.shim = confined_shim()).await;
    let told = executor.registration().await.isolation_missing;
    for part in missing {
        let line = told.iter().find(|line| line.starts_with(part.name()));
        assert!(
            line.expect("it is told").ends_with(part.without()),
            "{told:?}"
        );
    }
    let key = executor.dir.path("key");
    fs::write(&key, "secret").expect("a key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is open");
    let script = format!(
        "cat {} 2>/dev/null || echo hidden; cat /etc/passwd >/dev/null",
        key.display()
    );
    executor.submit("thief", &script, json!({}));
    assert_eq!(executor.result("thief").await.stdout, "hidden\n");
    executor.end().await;

    let strict = TestExecutor::new(|settings| {
        settings.shim = confined_shim();
        settings.isolation = Isolation::Strict;
    });
    let error = strict.await.failed().await.to_string();
    assert!(
        error.starts_with("strict isolation is not possible here: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_reaches_what_it_names_of_what_its_executor_allows() {
    let paths = TestDir::new();
    for folder in ["one", "two"] {
        fs::create_dir(paths.path(folder)).expect("made");
        fs::set_permissions(paths.path(folder), fs::Permissions::from_mode(0o777)).expect("open");
    }
    let [one, two] = ["one", "two"].map(|name| paths.path(name));
    let executor = TestExecutor::new(|settings| {
        for path in [&one, &two] {
            settings.allow_paths.push(AllowedPath {
                path: path.clone(),
                writable: true,
            });
        }
        settings.allow_devices.push("/dev/kmsg".into());
    })
    .await;
    let script = format!(
        "for d in {} {}; do test -e $d && echo seen; touch $d/f && echo written; done 2>/dev/null\n\
         test -e /dev/kmsg && echo device; true",
        one.display(),
        two.display()
    );
    let cases = [
        (json!(null), "seen\nwritten\nseen\nwritten\ndevice\n"),
        (json!([]), ""),
        (json!([one]), "seen\n"),
        (json!([format!("{}:rw", one.display())]), "seen\nwritten\n"),
        (json!([two, "/dev/kmsg"]), "seen\ndevice\n"),
    ];
    for (number, (allow, prints)) in cases.into_iter().enumerate() {
        let id = format!("job-{number}");
        executor.submit(&id, &script, json!({"allow": allow}));
        let result = executor.result(&id).await;
        assert_eq!(result.stdout, prints, "{allow} {result:?}");
    }
    // Below what may be written there may be a link to anywhere.
    let below = format!("{}/below", one.display());
    for (number, more) in ["/etc/shadow", "/dev/mem", &below].into_iter().enumerate() {
        let id = format!("more-{number}");
        executor.submit(&id, "echo ran", json!({"allow": [more]}));
        let result = executor.result(&id).await;
        let reason = result.error_message.unwrap_or_default();
        assert!(
            reason.contains(more) && reason.contains("--allow-path"),
            "{reason}"
        );
        assert_eq!(result.stdout, "");
    }
    executor.end().await;
}
