//! A server with an executor, with what a hostile job is after.

use std::{
    fs,
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::{MetadataExt, PermissionsExt, chown},
            net::{SocketAddr, UnixListener},
        },
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use nix::{libc, sys::signal::Signal};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Tries, by_name, make_program, tries};
use crate::harness::{Process, exits, free_port, get, playhouse, poll, stdout, wait_for};

/// The user of an executor that is not root's.
const ORDINARY: u32 = 54_321;

/// The python that jobs have.
const PYTHON: &str = "/usr/bin/python3";

/// The processes that a job may have here.
const PROCESSES: u32 = 150;

/// What a job may use of memory and of the disk here, and what is tried, in MiB.
const LIMIT: &str = "160M";
const TRIED: u32 = 220;

/// How many keys of System V memory were taken.
static KEYS: AtomicU32 = AtomicU32::new(0);

pub(super) struct Machine {
    home: TempDir,
    port: u16,
    server: Process,
    user: u32,
}

impl Machine {
    /// A server with an executor in it, of root or of an ordinary user.
    pub(super) fn start(root: bool, level: &str) -> Self {
        let home = TempDir::new().expect("a directory");
        let user = if root { 0 } else { ORDINARY };
        let path = |name: &str| home.path().join(name);
        // Where this program was built may be closed to others.
        let program = path("playhouse");
        let built = Path::new(env!("CARGO_BIN_EXE_playhouse"));
        fs::hard_link(built, &program)
            .or_else(|_| fs::copy(built, &program).map(drop))
            .expect("the program");
        fs::write(path("key.json"), "secret").expect("a key");
        fs::set_permissions(path("key.json"), fs::Permissions::from_mode(0o600)).expect("shut");
        fs::write(path("outside"), "as it was").expect("a file");
        plugin(&path(".local/share/playhouse/plugins/hostile"));
        for owned in ["", "key.json", "outside"] {
            chown(path(owned), Some(user), Some(user)).expect("it is given");
        }
        let port = free_port();
        let mut command = Command::new(PYTHON);
        command
            .arg("-c")
            .arg(include_str!("launch.py"))
            .arg(user.to_string())
            .arg(&program)
            .args([
                "server",
                "--with-executor",
                "--slots=4",
                "--isolation",
                level,
            ])
            .arg(format!("--pids-limit={PROCESSES}"))
            .args(["--work-limit", LIMIT])
            // Control groups are root's here.
            .args(
                root.then_some(["--memory-limit", LIMIT])
                    .into_iter()
                    .flatten(),
            )
            .arg(format!("--listen=127.0.0.1:{port}"))
            .arg("--data-dir")
            .arg(path("data"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .current_dir(home.path());
        let mut server = Process::start(command, path("server.log"));
        poll("the server is healthy", || {
            assert!(server.ended().is_none(), "{}", server.stderr());
            get(port, "/livez").filter(|answer| answer.contains("200 OK"))
        });
        Self {
            home,
            port,
            server,
            user,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn client(&self, arguments: &[&str]) -> Command {
        let mut command = playhouse(self.home.path());
        command
            .env(
                "PLAYHOUSE_SERVER",
                format!("http://127.0.0.1:{}", self.port),
            )
            .args(arguments);
        command
    }

    /// Runs a program as a job and answers what it prints.
    pub(super) fn job(&self, name: &str, text: &str, arguments: &[&str]) -> String {
        let output = self.output_of_job(name, text, arguments);
        exits(&output, 0);
        stdout(&output)
    }

    fn output_of_job(&self, name: &str, text: &str, arguments: &[&str]) -> Output {
        let program = self.path(name);
        make_program(&program, text);
        let program = program.display().to_string();
        let all = [&["job", "submit", &program, "--"], arguments].concat();
        self.client(&all).output().expect("the program starts")
    }

    /// Tries everything, as a job and as a plugin.
    pub(super) fn attack(self) -> Tries {
        let target = Target::new(self.home.path(), self.user);
        let given = target.given(&self);
        let sibling = self.path("sibling.sh");
        make_program(&sibling, "#!/bin/sh\necho secret >secret; sleep 300\n");
        let sibling = sibling.display().to_string();
        let submitted = self
            .client(&["job", "submit", "--detach", &sibling])
            .output();
        exits(&submitted.expect("the program starts"), 0);
        wait_for("the other job has written its file", || {
            let attempts = fs::read_dir(self.path("data/executor/work"))
                .into_iter()
                .flatten();
            attempts
                .flatten()
                .any(|attempt| attempt.path().join("home/secret").exists())
        });
        let given = given.to_string();
        let printed = self.job("hostile.py", include_str!("hostile.py"), &[&given]);
        let mut as_job = tries(&printed);
        target.look_for_what_is_left(&mut as_job);
        let mut as_plugin = self.attack_as_plugin(&given);
        target.look_for_what_is_left(&mut as_plugin);
        self.use_more_than_is_allowed(&mut as_job, &mut as_plugin);
        assert_eq!(
            by_name(&as_job),
            by_name(&as_plugin),
            "a plugin can do what a job can"
        );
        self.stop();
        as_job
    }

    /// Ends the server with what runs in it.
    pub(super) fn stop(mut self) {
        self.server.signal(Signal::SIGTERM);
        self.server.wait();
    }

    /// What ends the program that tries it: as a job each, and as plugins.
    fn use_more_than_is_allowed(&self, as_job: &mut Tries, as_plugin: &mut Tries) {
        for (name, what) in [
            ("use more memory than its limit", "memory"),
            ("fill the disk beyond its limit", "disk"),
        ] {
            let given = json!({"use": what, "megabytes": TRIED}).to_string();
            let text = include_str!("hostile.py");
            let how = |output: &Output| match (output.status.success(), stdout(output)) {
                (true, printed) if printed.contains("used") => "yes",
                (false, printed) if !printed.contains("used") => "no",
                (_, printed) => panic!("{name}: {printed}"),
            };
            as_job.push((
                name.to_owned(),
                how(&self.output_of_job("use.py", text, &[&given])),
            ));
            as_plugin.push((name.to_owned(), how(&self.output_of_plugin(&given))));
        }
    }

    /// The same as the process of a plugin; what it printed is its metric.
    fn attack_as_plugin(&self, given: &str) -> Tries {
        let output = self.output_of_plugin(given);
        exits(&output, 0);
        let ended: Value = serde_json::from_str(&stdout(&output)).expect("the job");
        let printed = find(&ended, "printed").unwrap_or_else(|| panic!("{ended}"));
        tries(printed)
    }

    fn output_of_plugin(&self, given: &str) -> Output {
        let input = self.path("given.json");
        fs::write(&input, given).expect("the input");
        let input = input.display().to_string();
        self.client(&[
            "plugin-job",
            "submit",
            "--plugin",
            "hostile",
            "--input",
            &input,
            "--retries",
            "0",
            "--json",
        ])
        .output()
        .expect("the program starts")
    }
}

/// The text that has this name, wherever it stands.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    match value {
        Value::Object(map) => map
            .get(name)
            .and_then(Value::as_str)
            .or_else(|| map.values().find_map(|value| find(value, name))),
        Value::Array(list) => list.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// A plugin that runs the hostile program.
fn plugin(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let manifest = "name = \"hostile\"\nversion = \"1\"\nkind = \"process\"\nentry = [\"./entry\"]\n\
                    [[metrics]]\nname = \"printed\"\ntype = \"string\"\n";
    fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
    fs::write(folder.join("hostile.py"), include_str!("hostile.py")).expect("the program");
    make_program(&folder.join("entry"), include_str!("plugin.py"));
}

/// What a hostile job is after outside of the server.
struct Target {
    _sockets: (UnixListener, UnixListener, TcpListener),
    socket: PathBuf,
    abstract_name: String,
    port: u16,
    victim: Process,
    shared_memory: i32,
    key: i32,
    sleep: String,
    outside: PathBuf,
    inode: u64,
}

impl Target {
    fn new(home: &Path, user: u32) -> Self {
        let socket = home.join("socket");
        let outside = home.join("outside");
        let by_path = UnixListener::bind(&socket).expect("a socket");
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).expect("it is open");
        let number = KEYS.fetch_add(2, Ordering::Relaxed);
        let abstract_name = format!("playhouse-hostile-{}-{number}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let by_name = UnixListener::bind_addr(&address).expect("a socket");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("bound").port();
        let sleep = format!("9000.{}{number}1", std::process::id());
        let mut victim = Command::new("setpriv");
        victim
            .args([format!("--reuid={user}"), format!("--regid={user}")])
            .args(["--clear-groups", "sleep", "3600"])
            .stdin(Stdio::null());
        let key = i32::try_from(std::process::id() % 1_000_000).expect("a number") * 1_000
            + i32::try_from(number).expect("a number");
        let shared_memory = shared_memory(key, libc::IPC_CREAT | 0o666).expect("memory");
        Self {
            _sockets: (by_path, by_name, tcp),
            socket,
            abstract_name,
            port,
            victim: Process::start(victim, home.join("victim.log")),
            shared_memory,
            key,
            sleep,
            inode: fs::metadata(&outside).expect("a file").ino(),
            outside,
        }
    }

    fn given(&self, machine: &Machine) -> Value {
        json!({
            "data": machine.path("data"), "key": machine.path("key.json"),
            "outside": machine.path("outside"), "inode": self.inode, "socket": self.socket,
            "abstract": self.abstract_name, "port": self.port,
            "victim": self.victim.pid().as_raw(), "executor": machine.server.pid().as_raw(),
            "shm": self.key, "left": self.key + 1,
            "processes": PROCESSES, "sleep": self.sleep,
        })
    }

    /// Corrects what is seen only from outside, and removes it.
    fn look_for_what_is_left(&self, tries: &mut [(String, &'static str)]) {
        let memory = shared_memory(self.key + 1, 0);
        if let Some(memory) = memory {
            remove_memory(memory);
        }
        let process = fs::read_dir("/proc")
            .expect("/proc is there")
            .flatten()
            .any(|process| {
                let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
                words
                    .split(|byte| *byte == 0)
                    .any(|word| word == self.sleep.as_bytes())
            });
        let created = fs::remove_file(self.outside.with_extension("new")).is_ok();
        for (name, how) in tries {
            match name.as_str() {
                "create a file outside of its directory" => {
                    *how = if created { "yes" } else { "no" };
                }
                "leave System V memory behind" => {
                    *how = if memory.is_some() { "yes" } else { "no" }
                }
                "leave a process behind" => *how = if process { "yes" } else { "no" },
                _ => {}
            }
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        remove_memory(self.shared_memory);
    }
}

fn shared_memory(key: i32, flags: i32) -> Option<i32> {
    let size = if flags & libc::IPC_CREAT == 0 {
        0
    } else {
        4096
    };
    #[expect(unsafe_code, reason = "no safe function for this call")]
    // SAFETY: the call reads and writes no memory of this process.
    let id = unsafe { libc::shmget(key, size, flags) };
    (id >= 0).then_some(id)
}

fn remove_memory(id: i32) {
    #[expect(unsafe_code, reason = "no safe function for this call")]
    // SAFETY: this command reads no memory of this process.
    unsafe {
        libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
    }
}
