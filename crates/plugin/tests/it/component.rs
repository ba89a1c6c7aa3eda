//! Components from text: a core module by hand, wrapped into our world.

use std::{fmt::Write, path::Path};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What parts of WASI the modules may import.
const WASI: [(&str, &str); 6] = [
    (
        "io.wit",
        "package wasi:io@0.2.0;
        interface error { resource error; }
        interface poll { resource pollable { block: func(); } }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource input-stream;
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            }
        }",
    ),
    (
        "cli.wit",
        "package wasi:cli@0.2.0;
        interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
        interface environment { get-environment: func() -> list<tuple<string, string>>; }
        interface exit { exit: func(status: result); }",
    ),
    (
        "clocks.wit",
        "package wasi:clocks@0.2.0;
        interface monotonic-clock {
            use wasi:io/poll@0.2.0.{pollable};
            subscribe-duration: func(when: u64) -> pollable;
        }",
    ),
    ("http.wit", include_str!("http.wit")),
    ("sockets.wit", include_str!("sockets.wit")),
    ("filesystem.wit", include_str!("filesystem.wit")),
];

/// What every module has: strings to answer with, an allocator, and the other two exports.
const FRAME: &str = r#"
(module
  (import "playhouse:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
  (import "playhouse:plugin/host@0.1.0" "storage-get" (func $get (param i32 i32 i32)))
  (import "playhouse:plugin/host@0.1.0" "storage-set" (func $set (param i32 i32 i32 i32 i32)))
  (import "playhouse:plugin/host@0.1.0" "storage-delete" (func $delete (param i32 i32)))
  IMPORTS
  (memory (export "memory") 2)
  DATA
  (global $free (mut i32) (i32.const 65536))
  (func $realloc (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get $size)) (i32.const 15)) (i32.const -8)))
    (loop $more
      (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
          (br $more))))
    (local.get $at))
  ;; Answers a metric, and no output.
  (func $ok (param $p i32) (param $l i32) (result i32)
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (local.get $p))
    (i32.store (i32.const 520) (local.get $l))
    (i32.store (i32.const 524) (i32.const 0))
    (i32.const 512))
  ;; Answers a metric and an output.
  (func $both (param $p i32) (param $l i32) (param $op i32) (param $ol i32) (result i32)
    (drop (call $ok (local.get $p) (local.get $l)))
    (i32.store (i32.const 524) (i32.const 1))
    (i32.store (i32.const 528) (local.get $op))
    (i32.store (i32.const 532) (local.get $ol))
    (i32.const 512))
  (func $err (param $p i32) (param $l i32) (result i32)
    (i32.store (i32.const 512) (i32.const 1))
    (i32.store (i32.const 516) (local.get $p))
    (i32.store (i32.const 520) (local.get $l))
    (i32.const 512))
  (func $text (param $at i32) (param $p i32) (param $l i32)
    (i32.store (local.get $at) (local.get $p))
    (i32.store (i32.add (local.get $at) (i32.const 4)) (local.get $l)))
  (func (export "describe") (result i32)
    (call $text (i32.const 512) NAME)
    (call $text (i32.const 520) VERSION)
    (call $text (i32.const 528) NAME)
    (i32.const 512))
  ;; The summary is the last metric.
  (func (export "summarize") (param $p i32) (param $n i32) (result i32)
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (i32.ne (local.get $n) (i32.const 0)))
    (if (local.get $n) (then
      (local.set $p (i32.add (local.get $p) (i32.mul (i32.const 8) (i32.sub (local.get $n) (i32.const 1)))))
      (call $text (i32.const 520) (i32.load (local.get $p)) (i32.load (i32.add (local.get $p) (i32.const 4))))))
    (i32.const 512))
  (func $run (export "execute")
    (param $job i32) (param $jobl i32) (param $in i32) (param $inl i32)
    (param $od i32) (param $op i32) (param $ol i32) (param $debug i32) (result i32)
    BODY))
"#;

/// A component whose `execute` has this body. In it `$0`, `$1` and so on are the texts: where each is
/// and how long. `imports` are imports of the core module; `world` what the world imports besides.
pub(crate) fn build(body: &str, texts: &[&str], imports: &str, world: &str) -> Vec<u8> {
    let mut at = 1024;
    let mut data = String::new();
    let mut place = |text: &str| {
        let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(data, "(data (i32.const {at}) \"{escaped}\")");
        let placed = format!("(i32.const {at}) (i32.const {})", text.len());
        at += text.len().next_multiple_of(8);
        placed
    };
    let (name, version) = (place("it"), place("1"));
    let mut body = String::from(body);
    for (number, text) in texts.iter().enumerate().rev() {
        body = body.replace(&format!("${number}"), &place(text));
    }
    let module = FRAME
        .replace("IMPORTS", imports)
        .replace("DATA", &data)
        .replace("NAME", &name)
        .replace("VERSION", &version)
        .replace("BODY", &body);
    let mut module = wat::parse_str(&module).expect("a module");
    let mut resolve = Resolve::default();
    for (file, text) in WASI {
        resolve.push_str(file, text).expect("a package");
    }
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    resolve.push_path(wit).expect("our package");
    let world =
        format!("package test:it; world it {{ include playhouse:plugin/plugin@0.1.0; {world} }}");
    let package = resolve.push_str("it.wit", &world).expect("the world");
    let world = resolve
        .select_world(&[package], Some("it"))
        .expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("a module of the world");
    ComponentEncoder::default()
        .module(&module)
        .expect("a module")
        .validate(true)
        .encode()
        .expect("a component")
}

/// A component that needs nothing but our world.
pub(crate) fn simple(body: &str, texts: &[&str]) -> Vec<u8> {
    build(body, texts, "", "")
}
