//! Checkouts of a repository behind a password.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use docker::{
    CancellationToken,
    git::{
        Branch, CheckedOut, Checkout, CheckoutRequest, GitCredentials, GitError, GitPolicy,
        GitWatch, Repository, path_part,
    },
};
use tempfile::TempDir;

use crate::{
    git_server::{GitServer, PASSWORD, git},
    project::LONG,
};

struct Place {
    directory: TempDir,
    checkout: Checkout,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let checkout = Checkout {
            files: path.join("files"),
            git_directory: path.join("git"),
            cache: path.join("cache"),
        };
        Self {
            directory,
            checkout,
        }
    }

    async fn update(&self, request: &CheckoutRequest) -> Result<CheckedOut, GitError> {
        self.update_within(request, LONG).await
    }

    async fn update_within(
        &self,
        request: &CheckoutRequest,
        timeout: Duration,
    ) -> Result<CheckedOut, GitError> {
        let cancel = CancellationToken::new();
        let mut watch = GitWatch {
            timeout,
            cancel: &cancel,
            progress: &mut |_| (),
        };
        self.checkout.update(request, &mut watch).await
    }

    async fn is_dirty(&self) -> bool {
        let cancel = CancellationToken::new();
        let mut watch = GitWatch {
            timeout: LONG,
            cancel: &cancel,
            progress: &mut |_| (),
        };
        self.checkout.is_dirty(&mut watch).await.unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.checkout.files.join(name)).unwrap_or_default()
    }
}

fn request(url: &str) -> CheckoutRequest {
    let policy = GitPolicy {
        http: true,
        file: true,
    };
    CheckoutRequest {
        repository: Repository::parse(url, policy).unwrap(),
        branch: None,
        base: None,
        credentials: Some(GitCredentials {
            username: "me".into(),
            password: PASSWORD.into(),
        }),
    }
}

fn branch(name: &str) -> Option<Branch> {
    Some(Branch::parse(name).unwrap())
}

/// True when a file below holds the text.
fn holds(directory: &Path, text: &str) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

#[tokio::test]
async fn a_password_reaches_its_host_and_nothing_else() {
    let server = GitServer::start();
    let place = Place::new();
    let mut wanted = request(&server.url());
    wanted.credentials = None;
    let refused = place.update(&wanted).await;
    assert!(matches!(refused, Err(GitError::Denied(_))), "{refused:?}");
    let mut wrong = request(&server.url());
    wrong.credentials.as_mut().unwrap().password.push('x');
    let refused = place.update(&wrong).await;
    assert!(matches!(refused, Err(GitError::Denied(_))), "{refused:?}");
    assert_eq!(server.seen.lock().unwrap().authorized, 0);

    let head = git(&server.work(), &["rev-parse", "HEAD"]);
    let checked_out = place.update(&request(&server.url())).await.unwrap();
    assert_eq!(
        (checked_out.branch.name(), &checked_out.commit),
        ("trunk", &head)
    );
    assert_eq!(place.read("README"), "first\n");
    let seen = server.seen.lock().unwrap();
    assert!(seen.authorized > 0);
    assert_eq!(seen.leaks, [""; 0]);
    assert!(!holds(place.directory.path(), PASSWORD));
}

#[tokio::test]
async fn a_redirect_gets_no_password() {
    let server = GitServer::start();
    let place = Place::new();
    let redirected = place.update(&request(&server.redirecting_url())).await;
    assert!(redirected.is_err());
    assert_eq!(server.seen.lock().unwrap().authorized, 0);
}

#[tokio::test]
async fn a_checkout_follows_its_branch_and_shares_the_cache() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&server.url());
    let first = place.update(&wanted).await.unwrap();
    assert_eq!(place.update(&wanted).await.unwrap(), first);
    let newest = server.commit("README", "second\n");
    assert_eq!(place.update(&wanted).await.unwrap().commit, newest);
    assert_eq!(place.read("README"), "second\n");

    git(&server.work(), &["checkout", "--quiet", "-b", "feature/x"]);
    let feature = server.commit("new", "new\n");
    let mut wanted = request(&server.url());
    wanted.branch = branch("feature/x");
    let other = Place::new();
    let other = Place {
        checkout: Checkout {
            cache: place.checkout.cache.clone(),
            files: other.directory.path().join(path_part("feature/x")),
            ..other.checkout
        },
        directory: other.directory,
    };
    assert_eq!(other.update(&wanted).await.unwrap().commit, feature);
    // The same files can change to another branch.
    assert_eq!(place.update(&wanted).await.unwrap().commit, feature);
    assert_eq!(place.read("new"), "new\n");
    assert_eq!(fs::read_dir(&place.checkout.cache).unwrap().count(), 2);
    wanted.branch = branch("no-such-branch");
    let missing = place.update(&wanted).await;
    assert!(matches!(missing, Err(GitError::NoBranch(_))), "{missing:?}");
}

#[tokio::test]
async fn a_new_branch_begins_at_its_base_and_stays() {
    let server = GitServer::start();
    let place = Place::new();
    let mut wanted = request(&server.url());
    wanted.branch = branch("mine");
    wanted.base = branch("trunk");
    let made = place.update(&wanted).await.unwrap();
    assert!(made.created && made.branch.name() == "mine");
    server.commit("README", "second\n");
    assert_eq!(place.update(&wanted).await.unwrap(), made);
    // Once the repository has it, it is the repository's.
    git(&server.work(), &["branch", "mine"]);
    let taken = place.update(&wanted).await.unwrap();
    assert!(!taken.created && taken.commit != made.commit);
}

#[tokio::test]
async fn changes_of_ones_own_are_never_lost() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&server.url());
    place.update(&wanted).await.unwrap();
    assert!(!place.is_dirty().await);
    server.commit("README", "second\n");
    fs::write(place.checkout.files.join("README"), "mine\n").unwrap();
    assert!(place.is_dirty().await);
    let refused = place.update(&wanted).await;
    assert!(matches!(refused, Err(GitError::Dirty)), "{refused:?}");
    assert_eq!(place.read("README"), "mine\n");

    let directory = place.checkout.git_directory.to_str().unwrap();
    let files = place.checkout.files.to_str().unwrap();
    let at = [
        "--git-dir",
        directory,
        "--work-tree",
        files,
        "-c",
        "core.bare=false",
    ];
    let commit = ["commit", "--quiet", "--all", "--message", "mine"];
    git(&place.checkout.files, &[&at[..], &commit[..]].concat());
    let refused = place.update(&wanted).await;
    assert!(matches!(refused, Err(GitError::Diverged(_))), "{refused:?}");
    assert_eq!(place.read("README"), "mine\n");
}

#[tokio::test]
async fn files_go_back_to_an_earlier_commit_and_forward_again() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&server.url());
    let cancel = CancellationToken::new();
    let mut watch = GitWatch {
        timeout: LONG,
        cancel: &cancel,
        progress: &mut |_| (),
    };
    let nothing = place.checkout.restore("HEAD", &mut watch).await.unwrap();
    assert!(!nothing && !place.checkout.files.exists());
    let first = place.update(&wanted).await.unwrap().commit;
    let second = server.commit("README", "second\n");
    place.update(&wanted).await.unwrap();
    // As if it had been killed while it wrote the files.
    fs::write(place.checkout.git_directory.join("playhouse.writing"), "").unwrap();
    fs::write(place.checkout.files.join("README"), "sec").unwrap();
    for _ in 0..2 {
        assert!(place.checkout.restore(&first, &mut watch).await.unwrap());
        assert_eq!(place.read("README"), "first\n");
    }
    let never = "0123456789012345678901234567890123456789";
    assert!(place.checkout.restore(never, &mut watch).await.is_err());
    assert_eq!(place.read("README"), "first\n");
    assert_eq!(place.update(&wanted).await.unwrap().commit, second);
    fs::write(place.checkout.files.join("README"), "mine\n").unwrap();
    assert!(!place.checkout.restore(&first, &mut watch).await.unwrap());
    assert_eq!(place.read("README"), "mine\n");
}

#[tokio::test]
async fn what_was_interrupted_is_finished() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&server.url());
    place.update(&wanted).await.unwrap();
    let newest = server.commit("README", "second\n");
    // As if git had been killed while it wrote files: locks of its own, a half of the work.
    let git_directory = &place.checkout.git_directory;
    fs::write(git_directory.join("index.lock"), "").unwrap();
    fs::write(git_directory.join("playhouse.writing"), "").unwrap();
    fs::write(place.checkout.files.join("README"), "sec").unwrap();
    for cache in fs::read_dir(&place.checkout.cache).unwrap() {
        let cache = cache.unwrap().path();
        if cache.is_dir() {
            fs::write(cache.join("shallow.lock"), "").unwrap();
        }
    }
    assert!(!place.is_dirty().await);
    assert_eq!(place.update(&wanted).await.unwrap().commit, newest);
    assert_eq!(place.read("README"), "second\n");
}

#[tokio::test]
async fn nothing_in_the_files_makes_git_run_a_program() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&server.url());
    let marker = place.directory.path().join("ran");
    let script = place.directory.path().join("script");
    fs::write(
        &script,
        format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display()),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    server.commit(".gitattributes", "* filter=evil diff=evil\n");
    place.update(&wanted).await.unwrap();
    // A container that has the files may write whatever it likes there.
    for below in ["", "nested"] {
        let repository = place.checkout.files.join(below);
        fs::create_dir_all(&repository).unwrap();
        git(&repository, &["init", "--quiet"]);
        for key in [
            "core.fsmonitor",
            "core.sshCommand",
            "filter.evil.clean",
            "filter.evil.smudge",
        ] {
            git(&repository, &["config", key, script.to_str().unwrap()]);
        }
        let hook = repository.join(".git/hooks/post-checkout");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::copy(&script, hook).unwrap();
    }
    fs::remove_file(&marker).ok();
    place.is_dirty().await;
    fs::remove_dir_all(place.checkout.files.join("nested")).unwrap();
    server.commit("README", "second\n");
    place.update(&wanted).await.unwrap();
    assert_eq!(place.read("README"), "second\n");
    assert!(!marker.exists());
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = Place::new();
    let silent = request(&format!("http://127.0.0.1:{port}/a"));
    let error = place
        .update_within(&silent, Duration::from_secs(1))
        .await
        .unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    drop(listener);
    let error = place.update(&silent).await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_repository_of_this_machine_works_where_it_is_allowed() {
    let server = GitServer::start();
    let place = Place::new();
    let wanted = request(&format!("file://{}/.git", server.work().display()));
    assert_eq!(place.update(&wanted).await.unwrap().branch.name(), "trunk");
    let missing = request(&format!("file://{}/none", server.work().display()));
    let error = place.update(&missing).await.unwrap_err();
    assert!(matches!(error, GitError::NotFound(_)), "{error:?}");
}
