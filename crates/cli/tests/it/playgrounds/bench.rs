//! A server whose executor performs operations on the tests' Docker engine, and its HTTP API.

use std::{
    cell::RefCell,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use private_docker::Location;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Process, Server, free_port, poll_within};

/// What a playground may take until it runs, on a busy machine.
const LONG: Duration = Duration::from_secs(180);

/// An answer of the API, or of a service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Where the router of an executor listens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Placement {
    /// On a free port.
    Free,
    /// On the port that the test has for it, also after a restart.
    Fixed,
}

/// The server with its executor. Nothing of its playgrounds is left when it is dropped.
pub(crate) struct TestPlaygrounds {
    pub(crate) server: Server,
    docker: Location,
    port: u16,
    /// The projects of its playgrounds.
    projects: RefCell<Vec<String>>,
}

impl TestPlaygrounds {
    /// A server with an executor in it.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with more flags.
    pub(crate) fn start_with(more: &[String]) -> Self {
        let docker = private_docker::common();
        let port = free_port();
        let mut arguments = vec!["--with-executor".to_owned(), "--lease-seconds=5".to_owned()];
        arguments.extend_from_slice(more);
        arguments.extend(of_executor(&docker, Placement::Free, port));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let playgrounds = Self {
            server: Server::start(&arguments),
            docker,
            port,
            projects: RefCell::default(),
        };
        playgrounds.until_playroom();
        playgrounds
    }

    /// `dev`, with its library and its plugins.
    pub(crate) fn dev() -> Self {
        let docker = private_docker::common();
        let port = free_port();
        let mut arguments = of_executor(&docker, Placement::Free, port);
        arguments.retain(|argument| argument != "--no-plugins");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let playgrounds = Self {
            server: Server::start_command("dev", &arguments),
            docker,
            port,
            projects: RefCell::default(),
        };
        playgrounds.until_playroom();
        playgrounds
    }

    /// A server alone.
    pub(crate) fn without_executor() -> Self {
        Self::without_executor_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn without_executor_with(more: &[&str]) -> Self {
        let arguments = ["--lease-seconds=2", "--scan-seconds=0.5"];
        Self {
            server: Server::start(&[&arguments, more].concat()),
            docker: private_docker::common(),
            port: free_port(),
            projects: RefCell::default(),
        }
    }

    /// Has the executors that are started from now on use another engine.
    pub(crate) fn use_engine(&mut self, engine: Location) {
        self.docker = engine;
    }

    /// Starts an executor of its own; again, it has the same directories.
    pub(crate) fn start_executor(&self, name: &str, placement: Placement) -> Process {
        let mut arguments = of_executor(&self.docker, placement, self.port);
        let directory = self.server.home().join("playgrounds");
        arguments.push(format!("--playgrounds-dir={}", directory.display()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.server.start_executor(name, &arguments)
    }

    /// Waits until an executor has registered the playroom.
    pub(crate) fn until_playroom(&self) {
        self.until("the playroom is there", || {
            let rooms = self.get("/api/playrooms").json();
            let mut rooms = rooms.as_array()?.iter();
            rooms
                .find(|one| one["name"] == "local" && one["status"] == "active")
                .cloned()
        });
    }

    /// Asks the API.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let host = format!("127.0.0.1:{}", self.server.port);
        // Who asks is the operator as long as there are no keys.
        let token = std::fs::read_to_string(self.server.data_dir().join("operator.token"));
        let token = token.unwrap_or_default();
        let key = token
            .lines()
            .next()
            .map(|token| format!("x-api-key: {token}\r\n"));
        let body = body.map(Value::to_string).unwrap_or_default();
        let sent = (&*key.unwrap_or_default(), "application/json", &*body);
        request_with(self.server.port, &host, (method, path), sent).expect("the server answers")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    /// Posts what is accepted.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.ask("POST", path, Some(body));
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer.json()
    }

    /// Makes a playspec of a Compose file; answers its id.
    #[track_caller]
    pub(crate) fn playspec(&self, name: &str, compose: &str) -> i64 {
        let compose = compose.replace("IMAGE", private_docker::BUSYBOX);
        let spec = self.post(
            "/api/playspecs",
            &json!({"playspec": {"name": name, "base_compose_yaml": compose}}),
        );
        spec["id"].as_i64().expect("an id")
    }

    /// Makes a playground; answers its id.
    #[track_caller]
    pub(crate) fn create(&self, name: &str, playspec: i64, more: &Value) -> i64 {
        let mut playground = json!({"name": name, "playspec_id": playspec});
        for (key, value) in more.as_object().into_iter().flatten() {
            playground[key] = value.clone();
        }
        let made = self.post("/api/playgrounds", &json!({"playground": playground}));
        let project = made["compose_project"].as_str().expect("a project");
        self.projects.borrow_mut().push(project.to_owned());
        made["id"].as_i64().expect("an id")
    }

    /// What is left of a project when the test fails is removed.
    pub(crate) fn removes(&self, project: &Value) {
        let project = project.as_str().expect("a project");
        self.projects.borrow_mut().push(project.to_owned());
    }

    /// Every playground that there is; what is left of them when the test fails is removed.
    pub(crate) fn all(&self) -> Vec<Value> {
        let all = self.get("/api/playgrounds").json();
        let all = all.as_array().cloned().unwrap_or_default();
        for one in &all {
            let one = self.get(&format!("/api/playgrounds/{}", one["id"])).json();
            if let Some(project) = one["compose_project"].as_str() {
                self.projects.borrow_mut().push(project.to_owned());
            }
        }
        all
    }

    /// Waits until the playground has a status, and answers with the body of its status.
    #[track_caller]
    pub(crate) fn becomes(&self, id: i64, status: &str) -> Value {
        self.until(status, || {
            let body = self.get(&format!("/api/playgrounds/{id}/status")).json();
            let now = body["status"].as_str().unwrap_or_default();
            assert!(now != "error" || status == "error", "{body:#}");
            (now == status).then_some(body)
        })
    }

    /// Destroys the playground, and waits until it is gone.
    #[track_caller]
    pub(crate) fn destroy(&self, id: i64) {
        let answer = self.ask("DELETE", &format!("/api/playgrounds/{id}"), None);
        assert_eq!(answer.status, 202, "{answer:?}");
        self.gone(id);
    }

    /// Waits until there is no such playground.
    #[track_caller]
    pub(crate) fn gone(&self, id: i64) {
        self.until("it is gone", || {
            let answer = self.get(&format!("/api/playgrounds/{id}"));
            assert!(
                answer.status == 404 || answer.json()["status"] == "destroying",
                "{answer:?}"
            );
            (answer.status == 404).then_some(())
        });
    }

    /// The ids of the containers of a project.
    pub(crate) fn containers(&self, project: &str) -> Vec<String> {
        let filter = format!("label=playhouse.project={project}");
        self.docker(&["ps", "-aq", "--no-trunc", "--filter", &filter])
    }

    /// Where a service is reached: host and port.
    #[track_caller]
    pub(crate) fn place(&self, id: i64, service: &str) -> (String, u16) {
        let body = self.get(&format!("/api/playgrounds/{id}")).json();
        let urls = body["service_urls"].as_array().cloned().unwrap_or_default();
        let url = urls.iter().find(|one| one["name"] == service);
        let url = url
            .and_then(|one| one["url"].as_str())
            .unwrap_or_else(|| panic!("{body:#}"));
        let rest = url.strip_prefix("http://").expect("plain HTTP");
        let (host, port) = rest.split_once(':').expect("a port");
        (
            rest.to_owned(),
            port.parse().unwrap_or_else(|_| panic!("{host} {port}")),
        )
    }

    /// Asks a service through the router.
    #[track_caller]
    pub(crate) fn visit(&self, id: i64, service: &str, path: &str) -> Answer {
        let (host, port) = self.place(id, service);
        request(port, &host, "GET", path, None).expect("the router answers")
    }

    /// The lines of a command of the Docker engine's own client program.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Vec<String> {
        let output = Command::new("docker")
            .args(["--host", &self.docker.url()])
            .args(arguments)
            .output()
            .expect("the docker program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(str::to_owned).collect()
    }

    /// Everything with the labels of a playground: containers, networks, volumes.
    pub(crate) fn left_of(&self, project: &str) -> Vec<String> {
        let filter = format!("label=playhouse.project={project}");
        let kinds = [["ps", "-aq"], ["network", "ls"], ["volume", "ls"]];
        let mut left = Vec::new();
        for kind in kinds {
            let mut arguments = kind.to_vec();
            if kind[0] != "ps" {
                arguments.push("-q");
            }
            arguments.extend(["--filter", &filter]);
            left.extend(self.docker(&arguments));
        }
        left
    }

    /// Polls for something that takes long on a busy machine.
    pub(crate) fn until<T>(&self, what: &str, found: impl FnMut() -> Option<T>) -> T {
        poll_within(LONG, what, found)
    }
}

/// What a test that failed left is removed.
impl Drop for TestPlaygrounds {
    fn drop(&mut self) {
        for project in self.projects.borrow().iter() {
            let filter = format!("label=playhouse.project={project}");
            for (list, remove) in [
                (&["ps", "-aq"][..], &["rm", "--force"][..]),
                (&["network", "ls", "-q"], &["network", "rm"]),
                (&["volume", "ls", "-q"], &["volume", "rm"]),
            ] {
                let left = self.docker(&[list, &["--filter", &filter]].concat());
                for one in left {
                    self.docker(&[remove, &[one.as_str()]].concat());
                }
            }
        }
    }
}

/// The flags of an executor that performs operations.
fn of_executor(docker: &Location, placement: Placement, port: u16) -> Vec<String> {
    let port = match placement {
        Placement::Free => 0,
        Placement::Fixed => port,
    };
    vec![
        "--no-plugins".to_owned(),
        format!("--docker-host={}", docker.url()),
        format!("--compose={}", docker.compose().display()),
        format!("--router-listen=127.0.0.1:{port}"),
        "--allow-git=file".to_owned(),
    ]
}

/// One request on a connection of its own.
pub(crate) fn request(
    port: u16,
    host: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Option<Answer> {
    let body = body.map(Value::to_string).unwrap_or_default();
    request_of(port, host, (method, path), ("application/json", &body))
}

/// The same with a body of any type.
pub(crate) fn request_of(
    port: u16,
    host: &str,
    (method, path): (&str, &str),
    (kind, body): (&str, &str),
) -> Option<Answer> {
    request_with(port, host, (method, path), ("", kind, body))
}

/// The same with further lines of the head.
fn request_with(
    port: u16,
    host: &str,
    (method, path): (&str, &str),
    (headers, kind, body): (&str, &str, &str),
) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-type: {kind}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        body: if head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            unchunked(body)
        } else {
            body.to_owned()
        },
    })
}

pub(super) fn unchunked(mut text: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        whole.push_str(&rest[..size]);
        text = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
