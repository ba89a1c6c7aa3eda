//! Programs of Debian that work under `standard`.

use std::path::Path;

use super::machine::Machine;

/// What is run with which arguments, and what it prints.
const PROGRAMS: [(&str, &str, &str); 10] = [
    (
        "/usr/bin/python3",
        "import multiprocessing as m\n\
         with m.Pool(2) as pool: print(pool.map(abs, [-1, -2]))\n\
         q = m.Queue(); q.put(3); print(q.get(), m.Value('i', 4).value)",
        "[1, 2]\n3 4\n",
    ),
    (
        "/usr/bin/python3",
        "import tempfile, subprocess, os\n\
         with tempfile.NamedTemporaryFile(dir='/tmp') as f: f.write(b'x')\n\
         print(subprocess.run(['sh', '-c', 'echo from $0'], capture_output=True, text=True).stdout, end='')\n\
         print(os.listdir('/run'), open('/dev/null', 'w').write('x'), len(os.urandom(3)))",
        "from sh\n[] 1 3\n",
    ),
    (
        "/usr/bin/python3",
        "import socket\nprint(socket.getaddrinfo('localhost', 80)[0][4][1])",
        "80\n",
    ),
    (
        "/bin/sh",
        "script -qec 'test -t 1 && echo a terminal' /dev/null | tr -d '\\r'",
        "a terminal\n",
    ),
    (
        "/bin/sh",
        "git init -q r && cd r && git -c user.name=n -c user.email=e commit -q --allow-empty -m one && \
         git log --format=%s && git clone -q . ../copy && git -C ../copy log --format=%s",
        "one\none\n",
    ),
    (
        "/bin/sh",
        "cd $TMPDIR && mkfifo p && (echo through >p &) && cat p && mount | grep -c ' on / ' && nproc >/dev/null",
        "through\n1\n",
    ),
    (
        "/usr/bin/perl",
        "use POSIX; my $t = POSIX::strftime('%Y', gmtime(0)); print \"$t\\n\";",
        "1970\n",
    ),
    (
        "/usr/bin/node",
        "const w = require('worker_threads'); const f = require('fs');\n\
         f.writeFileSync('/tmp/a', 'b'); console.log(f.readFileSync('/tmp/a', 'utf8'), w.isMainThread)",
        "b true\n",
    ),
    (
        "/usr/bin/java",
        "class A { public static void main(String[] a) throws Exception { \
         Thread t = new Thread(() -> System.out.println(\"from a thread\")); t.start(); t.join(); } }",
        "from a thread\n",
    ),
    (
        "/bin/sh",
        "ffmpeg -loglevel error -f lavfi -i testsrc=duration=1:size=64x64:rate=5 -c:v mpeg4 film.mp4 && \
         ffprobe -loglevel error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 film.mp4",
        "5\n",
    ),
];

#[test]
fn programs_of_debian_work_in_the_sandbox() {
    for root in [true, false] {
        let machine = Machine::start(root, "standard");
        for (number, (interpreter, text, prints)) in PROGRAMS.iter().enumerate() {
            let there = Path::new(interpreter).exists() && Path::new("/usr/bin/ffmpeg").exists();
            assert!(
                there,
                "{interpreter} or ffmpeg is not installed; `cargo xtask test` installs them"
            );
            let script = script(interpreter, text);
            let printed = machine.job(&format!("program-{number}"), &script, &[]);
            assert_eq!(printed, *prints, "{interpreter}, as root: {root}");
        }
        machine.stop();
    }
}

/// A script that hands the text to its interpreter in a file with the ending that it wants.
fn script(interpreter: &str, text: &str) -> String {
    let ending = if interpreter.ends_with("java") {
        "A.java"
    } else {
        "program"
    };
    format!("#!/bin/sh\ncat >{ending} <<'END'\n{text}\nEND\nexec {interpreter} ./{ending}\n")
}
