//! SIGKILL exactly between two plugins: the commit that ends the first and begins the second is on disk, and
//! the second has done nothing.

use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    COMPLETED, ended, executor, follow, gate::Gate, job, noted, noting, plugin, submit,
    without_starts,
};
use crate::{
    database::on_both,
    events::Following,
    harness::{Process, Server, wait_for},
};

/// What is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Killed {
    Executor,
    Server,
    Both,
}

/// A job that stands between its first plugin and its second.
struct Between {
    server: Server,
    following: Following,
    worker: Process,
    gate: Gate,
    id: String,
}

impl Between {
    fn reach(arguments: &[&str]) -> Self {
        let server = Server::start(arguments);
        let kept = "echo '{\"store\": {\"key\": \"kept\", \"value\": \"by one\"}}'";
        plugin(
            &server,
            "one",
            &format!("{kept}; {}", noting(&server, "one")),
        );
        // It measures nothing, and so fails, if it does not find what was kept.
        let finds = r#"case $call in *'"kept":"by one"'*) "#;
        plugin(
            &server,
            "two",
            &format!("{finds}{};; esac", noting(&server, "two")),
        );
        plugin(&server, "three", &noting(&server, "three"));
        let following = follow(&server);
        // An executor waits for this commit before it calls the plugin.
        let gate = Gate::after(r#""name":"two","stage":"started""#, server.port);
        let worker = executor(&server, &[&format!("--server={}", gate.url())]);
        let id = submit(&server, &["one", "two", "three"], &[]);
        wait_for("the second plugin is about to begin", || {
            gate.is_reached() && job(&server, &id)["progress"]["currentPlugin"] == json!("two")
        });
        assert_eq!(noted(&server), ["one"]);
        let progress = job(&server, &id)["progress"].clone();
        assert_eq!(progress["completedPlugins"], json!(["one"]), "{progress}");
        Self {
            server,
            following,
            worker,
            gate,
            id,
        }
    }

    fn kill(mut self, killed: Killed) {
        if killed != Killed::Executor {
            self.server.kill();
        }
        if killed != Killed::Server {
            self.worker.signal(Signal::SIGKILL);
            self.worker.wait();
        }
        if killed != Killed::Executor {
            self.server.restart();
        }
        let _second = (killed != Killed::Server).then(|| executor(&self.server, &[]));
        if killed == Killed::Server {
            self.gate.open();
        }
        let (job, events) = ended(&self.server, &self.following, &self.id);
        assert_eq!(job["progress"]["status"], "completed", "{job}");
        assert_eq!(noted(&self.server), ["one", "two", "three"]);
        assert_eq!(without_starts(&events), COMPLETED);
        let count = |event: &str| events.iter().filter(|one| *one == event).count();
        assert_eq!(count("plugin_started one"), 1, "{events:?}");
        match killed {
            Killed::Server => assert_eq!(count("started"), 1, "{events:?}"),
            Killed::Executor | Killed::Both => assert!(count("requeued") >= 1, "{events:?}"),
        }
    }
}

/// A lost executor's lease is to end soon, the other one's is to outlive the time without a server.
fn leases(killed: Killed) -> [&'static str; 2] {
    match killed {
        Killed::Server => ["--lease-seconds=30", "--scan-seconds=1"],
        _ => super::SHORT_LEASES,
    }
}

on_both!(
    a_killed_executor_costs_no_plugin_that_ended_a_second_run,
    a_server_killed_between_two_plugins_costs_none_a_second_run,
    both_killed_between_two_plugins_cost_none_a_second_run,
);

fn a_killed_executor_costs_no_plugin_that_ended_a_second_run(arguments: &[&str]) {
    kill(Killed::Executor, arguments);
}

fn a_server_killed_between_two_plugins_costs_none_a_second_run(arguments: &[&str]) {
    kill(Killed::Server, arguments);
}

fn both_killed_between_two_plugins_cost_none_a_second_run(arguments: &[&str]) {
    kill(Killed::Both, arguments);
}

fn kill(killed: Killed, arguments: &[&str]) {
    Between::reach(&[&leases(killed)[..], arguments].concat()).kill(killed);
}
