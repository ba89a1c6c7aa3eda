//! Hooks from the command line.

use crate::{
    harness::{Server, code, exits, prints, says, stderr, stdout},
    kill_hooks::Receiver,
};

#[test]
fn a_hook_is_made_tested_and_deleted() {
    let receiver = Receiver::start();
    let server = Server::start(&["--allow-outbound", "127.0.0.0/8"]);
    let made = server.run(&["hook", "create", &receiver.url(), "--event", "job.failed"]);
    exits(&made, 0);
    assert!(stdout(&made).starts_with("whsec_"), "{}", stdout(&made));
    let list = server.json(&["hook", "list"]);
    let id = list[0]["id"].as_str().expect("an id");
    assert_eq!(list[0]["events"][0], "job.failed");
    let table = stdout(&server.run(&["hook", "list"]));
    assert!(table.contains(id) && table.contains("enabled"), "{table}");
    let test = server.run(&["hook", "test", id]);
    exits(&test, 0);
    assert_eq!(stdout(&test), "delivered: the receiver answered 200\n");
    let sent = server.json(&["hook", "deliveries", id]);
    assert_eq!(sent[0]["event"], "hook.test");
    assert_eq!(sent[0]["id"], 1);
    let again = server.run(&["hook", "deliveries", id, "--replay", "1"]);
    exits(&again, 0);
    exits(&server.run(&["hook", "delete", id]), 0);
    exits(&server.run(&["hook", "delete", id]), 66);
    assert_eq!(stdout(&server.run(&["hook", "list"])), "");
}

#[test]
fn a_disabled_hook_is_enabled_again() {
    let server = Server::start(&[]);
    let url = "https://hooks.example/in";
    let made = server.json(&["hook", "create", url]);
    let id = made["id"].as_str().expect("an id");
    let off = server.run(&["hook", "change", id, "--disable"]);
    exits(&off, 0);
    let expected = format!("changed {id}, which is disabled: it was asked for");
    says(&off, &expected);
    exits(&server.run(&["hook", "test", id]), 65);
    let list = server.run(&["hook", "list"]);
    prints(&list, "disabled: ");
    says(&list, "hook change ID --enable");
    let new = "https://other.example/";
    let change = ["hook", "change", id, "--enable", "--url", new];
    let rest = ["--event", "job.*", "--event", "hook.*", "--description"];
    let on = server.json(&[&change[..], &rest, &["new"]].concat());
    assert_eq!((&on["enabled"], &on["url"]), (&true.into(), &new.into()));
    assert_eq!(on["events"], serde_json::json!(["job.*", "hook.*"]));
    assert_eq!(on["description"], "new");
    let list = server.run(&["hook", "list"]);
    prints(&list, " enabled ");
    assert_eq!(stderr(&list), "");
    // Nothing to change, both at once, and a hook that is not there.
    for (arguments, expected) in [
        (&["hook", "change", id][..], 2),
        (&["hook", "change", id, "--enable", "--disable"], 2),
        (&["hook", "change", "none", "--enable"], 66),
    ] {
        assert_eq!(
            code(&server.run(arguments)),
            Some(expected),
            "{arguments:?}"
        );
    }
}

#[test]
fn without_leave_no_address_inside_is_called() {
    let receiver = Receiver::start();
    let server = Server::start(&[]);
    let refused = server.run(&["hook", "create", &receiver.url()]);
    exits(&refused, 65);
    says(&refused, "--allow-outbound");
    let name = receiver.url().replace("127.0.0.1", "localhost");
    let hook = server.json(&["hook", "create", &name]);
    let test = server.run(&["hook", "test", hook["id"].as_str().expect("an id")]);
    exits(&test, 1);
    says(&test, "not a public address");
    assert_eq!(receiver.count(), 0);
}
