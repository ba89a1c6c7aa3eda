//! Browser steps with the real server, executor and Chromium, against a small site of the test.

mod kept;
mod live;
mod perspective;
mod reach;
mod steps;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::harness::{Server, exits, get, json as printed};

const PAGE: &str = r#"<!doctype html><title>Pumps</title>
<h1>Pumps</h1>
<label>Name <input id=name></label>
<label><input type=checkbox id=on> On</label>
<select id=mode><option value=a>Automatic</option><option value=m>Manual</option></select>
<button onclick="setTimeout(save, 300)">Save</button>
<p id=result></p>
<a href=/report download=report.csv>Report</a>
<button onclick="find('result').textContent = `${confirm('Really?')} ${prompt('Why?')}`">Ask</button>
<script>
const find = id => document.getElementById(id);
function save() { find('result').textContent = `${find('name').value} ${find('on').checked} ${find('mode').value}`; }
console.error('the pump is hot');
fetch('/missing');
</script>"#;

const OTHER: &str = "<!doctype html><title>Other</title><h1>Other</h1>";

const FRAMED: &str = "<!doctype html><script>parent.postMessage('here', '*')</script>";

const PICTURE: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";

const PERSPECTIVE: &str = r##"<!doctype html><title>Plant</title>
<div class="ia_container" data-component-path="D">
<button class="ia_button" data-component-path="D.0:0" data-component-id="go" onclick="location = '/other'">Go</button>
<div id=host></div>
<button onclick="document.querySelector('.dock').hidden = false">Menu</button>
<div class=dock hidden><a href=/other>Elsewhere</a></div>
</div>
<script>
const root = document.getElementById('host').attachShadow({mode: 'open'});
root.innerHTML = '<input data-component-path="D.0:1" data-component-id="inner" placeholder="Setpoint">';
</script>"##;

/// Serves the pages at an address, and answers its port.
fn serve(address: &str) -> u16 {
    let listener = TcpListener::bind(address).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(mut stream: TcpStream) {
    let mut peeked = [0; 12];
    let read = stream.peek(&mut peeked).unwrap_or_default();
    if peeked[..read].starts_with(b"GET /socket ") {
        // It is held until the page lets it go.
        if let Ok(mut socket) = tungstenite::accept(stream) {
            while socket.read().is_ok() {}
        }
        return;
    }
    let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    while lines
        .next()
        .and_then(Result::ok)
        .is_some_and(|line| !line.is_empty())
    {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, kind, body) = match path {
        "/" => ("200 OK", "text/html", PAGE),
        "/other" => ("200 OK", "text/html", OTHER),
        "/perspective" => ("200 OK", "text/html", PERSPECTIVE),
        "/framed" => ("200 OK", "text/html", FRAMED),
        "/picture" => ("200 OK", "image/svg+xml", PICTURE),
        "/script" => ("200 OK", "text/javascript", ""),
        "/report" => ("200 OK", "text/csv", "pump,on\n1,yes\n"),
        _ if path.starts_with("/to?") => ("307 Temporary Redirect", "text/plain", ""),
        _ => ("404 Not Found", "text/plain", ""),
    };
    let to = path.strip_prefix("/to?");
    let to = to.map_or_else(String::new, |to| format!("location: {to}\r\n"));
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{to}connection: close\r\n\r\n"
    );
    let _ = stream.write_all((head + body).as_bytes());
}

/// A server whose library has this playbook. `SITE` in it is the site's address, `PORT` its port.
fn library(steps: &str) -> (tempfile::TempDir, Server) {
    library_with(steps, &[])
}

/// The same, with further arguments of the server.
fn library_with(steps: &str, arguments: &[&str]) -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().expect("a directory");
    let port = serve("127.0.0.1:0");
    let steps = steps
        .replace("SITE", &format!("http://127.0.0.1:{port}"))
        .replace("PORT", &port.to_string());
    let text = format!("name: Pumps\nversion: '1'\nsteps:\n{steps}");
    fs::write(dir.path().join("pumps.yaml"), text).expect("written");
    let library = format!("--library={}", dir.path().display());
    let own = ["--with-executor", "--no-docker", &library];
    let server = Server::start(&[&own, arguments].concat());
    (dir, server)
}

/// The execution as the contract has it.
fn execution(server: &Server, id: &str) -> Value {
    let answer = get(server.port, &format!("/api/executions/{id}")).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

/// The output of a step.
fn output<'e>(execution: &'e Value, step: &str) -> &'e Value {
    let steps = execution["step_results"].as_array().expect("steps");
    let found = steps.iter().find(|one| one["step_id"] == step);
    &found.unwrap_or_else(|| panic!("no {step}: {execution:#}"))["output"]
}

/// Starts the playbook and waits for its end, which is this exit code. Answers its id.
fn finished(server: &Server, path: &str, code: i32) -> String {
    let run = server.run(&["playbook", "run", path, "--json"]);
    exits(&run, code);
    printed(&run)["id"].as_str().expect("an id").to_owned()
}

/// The bytes of an artefact.
fn artifact(server: &Server, id: &str, name: &str) -> Vec<u8> {
    let to = server.home().join(name.replace('/', "-"));
    let to_text = to.display().to_string();
    let download = server.run(&["run", "download", id, name, "-o", &to_text]);
    exits(&download, 0);
    fs::read(&to).expect("a file")
}

/// Puts a password into the vault.
fn credential(server: &Server, name: &str, password: &str) {
    let new = json!({"name": name, "username": "operator", "password": password});
    let (status, answer) = post(server, "/api/credentials", &new);
    assert!(matches!(status, 200 | 201), "{status}: {answer}");
}

/// Sends JSON. Answers the status and the body.
fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    send(server, "POST", path, body)
}

fn send(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
    let (body, port) = (body.to_string(), server.port);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (
        status.expect("a status"),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

/// The main processes of browsers whose profile is the server's.
fn browsers(server: &Server) -> Vec<i32> {
    let home = server.home().display().to_string();
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let named = processes.filter_map(|one| one.file_name().to_str()?.parse::<i32>().ok());
    let is_browser = |id: &i32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains("--remote-debugging-pipe")
            && line.contains(&home)
            && !line.contains("--type=")
    };
    named.filter(is_browser).collect()
}
