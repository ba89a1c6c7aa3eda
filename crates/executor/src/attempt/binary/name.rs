//! What a program is called, to itself.

use reqwest::Url;
use wire::{executors::JobInput, jobs::is_program_name};

use crate::binaries::Digest;

/// The name that the job gives its program, else the last part of its URL; none where that says nothing, as for an
/// upload, which has its hash there.
pub(super) fn name(job: &JobInput) -> Option<String> {
    let name = match &job.program_name {
        Some(name) => name.clone(),
        None => {
            let url = Url::parse(&job.binary_url).ok()?;
            let last = url.path_segments()?.next_back()?;
            if last.parse::<Digest>().is_ok() {
                return None;
            }
            last.to_owned()
        }
    };
    is_program_name(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(url: &str, program_name: Option<&str>) -> Option<String> {
        let job = json!({"binary_url": url, "binary_sha256": "", "program_name": program_name});
        name(&serde_json::from_value(job).expect("a job"))
    }

    #[test]
    fn a_program_is_called_as_its_job_or_its_url_says() {
        let url = "http://host/a/my-tool?token=x#y";
        assert_eq!(named(url, None).as_deref(), Some("my-tool"));
        assert_eq!(named(url, Some("tar")).as_deref(), Some("tar"));
        let upload = format!("http://host/api/v1/binaries/{}", "0".repeat(64));
        assert_eq!(named(&upload, None), None);
        assert_eq!(named(&upload, Some("tar")).as_deref(), Some("tar"));
        for none in ["http://host", "http://host/a/", "no URL"] {
            assert_eq!(named(none, None), None, "{none}");
        }
    }
}
