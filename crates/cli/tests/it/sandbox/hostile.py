#!/usr/bin/python3
"""Tries what a job must not be able to do, and prints for each try whether it was held or open."""
import ctypes, fcntl, glob, json, os, platform, signal, socket, stat, sys, time

GIVEN = json.loads(sys.argv[1])
LIBC = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
KEYCTL = 250 if X86 else 219
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
NEWUSER = 0x10000000


def call(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read(path):
    with open(path, "rb") as file:
        return file.read(64)


def read_sibling():
    own = os.path.basename(os.path.dirname(os.environ["HOME"]))
    parent = os.path.dirname(os.path.dirname(os.environ["HOME"]))
    files = [f for f in glob.glob(f"{parent}/*/home/secret") if f.split("/")[-3] != own]
    read(files[0])


def lock_database():
    # A lock for reading needs no more than a handle for reading, and stops every writer.
    with open(GIVEN["data"] + "/playhouse.db-shm", "rb") as file:
        for _ in range(500):
            try:
                return fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 120)
            except BlockingIOError:
                # The server writes just then.
                time.sleep(0.01)
        raise OSError("never free")


def outside():
    """The file that is meant: in a /tmp of its own a job can make another one at that path."""
    if os.stat(GIVEN["outside"]).st_ino != GIVEN["inode"]:
        raise OSError("another file")
    return GIVEN["outside"]


def write_outside():
    with open(outside(), "ab") as file:
        file.write(b"x")


def any_of(*tries):
    """The first that works; else the last error."""
    for number, one in enumerate(tries):
        try:
            return one()
        except (OSError, IndexError) as error:
            if number == len(tries) - 1:
                raise


def change(does):
    """On a file of the executor's user, and on one of the system, which stays as it is."""
    return lambda: any_of(lambda: does(outside()), lambda: does("/etc/passwd"), lambda: does("/usr/bin/env"))


def chmod(path):
    os.chmod(path, stat.S_IMODE(os.stat(path).st_mode))


def chown(path):
    found = os.stat(path)
    os.chown(path, found.st_uid, found.st_gid)


def utime(path):
    found = os.stat(path)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def xattr(path):
    os.setxattr(path, "user.hostile", b"1")
    os.removexattr(path, "user.hostile")


def connect(family, address):
    def does():
        with socket.socket(family) as one:
            one.connect(address)
    return does


def ptrace():
    call(LIBC.ptrace(PTRACE_ATTACH, GIVEN["victim"], 0, 0))
    os.waitpid(GIVEN["victim"], 0x40000000)
    LIBC.ptrace(PTRACE_DETACH, GIVEN["victim"], 0, 0)


def memory_of_executor():
    read(f"/proc/{GIVEN['executor']}/environ")


def devices():
    allowed = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin", "stdout", "stderr"}
    others = [entry for entry in os.listdir("/dev") if entry not in allowed]
    def opens(name):
        return lambda: os.close(os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK))
    tries = [opens(name) for name in others if not os.path.isdir(f"/dev/{name}") and not os.path.islink(f"/dev/{name}")]
    any_of(*tries or [lambda: read("/dev/none")])


def make_device():
    os.mknod("device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))


def shared_memory():
    call(LIBC.shmget(GIVEN["shm"], 0, 0))


def leave_memory():
    # Whether it stays is seen from outside.
    call(LIBC.shmget(GIVEN["left"], 4096, 0o1600))


def keyring():
    found = call(LIBC.syscall(KEYCTL, 10, ctypes.c_long(-3), b"user", b"playhouse-hostile", 0))
    call(LIBC.syscall(KEYCTL, 11, ctypes.c_long(found), ctypes.create_string_buffer(64), ctypes.c_long(64)))


def in_child(does):
    """In a process of its own: it would change this one."""
    child = os.fork()
    if child == 0:
        try:
            does()
            os._exit(0)
        except BaseException:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        raise OSError("it failed")


def mount():
    at = os.environ["HOME"].encode()
    call(LIBC.mount(b"none", at, b"tmpfs", 0, None))
    call(LIBC.umount2(at, 2))


def mount_in_namespaces():
    user, group = os.getuid(), os.getgid()
    call(LIBC.unshare(NEWUSER | 0x20000))
    open("/proc/self/setgroups", "w").write("deny")
    open("/proc/self/uid_map", "w").write(f"0 {user} 1")
    open("/proc/self/gid_map", "w").write(f"0 {group} 1")
    mount()


def privileges():
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    if int(status["CapEff"], 16) == 0 and os.geteuid() != 0:
        raise OSError("none")


def set_user_id():
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    if status["NoNewPrivs"].strip() == "1":
        raise OSError("no new privileges")


def fork_bomb():
    children = []
    try:
        for _ in range(GIVEN["processes"] + 50):
            child = os.fork()
            if child == 0:
                time.sleep(600)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def leave_process():
    # Whether it stays is seen from outside.
    if os.fork() == 0:
        os.setsid()
        os.execv("/bin/sleep", ["sleep", GIVEN["sleep"]])


def use(what):
    """More than a limit allows, which kills this program."""
    if what == "memory":
        held = [b"x" * (1 << 20) for _ in range(GIVEN["megabytes"])]
    else:
        with open("large", "wb") as file:
            for _ in range(GIVEN["megabytes"]):
                file.write(os.urandom(1 << 20))
        # As often as the directory is measured, and more.
        time.sleep(10)
    print("used")


if "use" in GIVEN:
    use(GIVEN["use"])
    sys.exit()

TRIES = {
    "read the server's database": lambda: read(GIVEN["data"] + "/playhouse.db"),
    "lock the server's database": lock_database,
    "read a key of the executor's user": lambda: read(GIVEN["key"]),
    "read the executor's environment": memory_of_executor,
    "read the files of another job": read_sibling,
    "write outside of its directory": write_outside,
    # Whether it is there is seen from outside.
    "create a file outside of its directory": lambda: open(GIVEN["outside"] + ".new", "w").close(),
    "change modes outside of its directory": change(chmod),
    "change owners outside of its directory": change(chown),
    "change times outside of its directory": change(utime),
    "change attributes outside of its directory": change(xattr),
    "connect to a UNIX socket by its path": connect(socket.AF_UNIX, GIVEN["socket"]),
    "connect to an abstract UNIX socket": connect(socket.AF_UNIX, "\0" + GIVEN["abstract"]),
    "connect to a TCP port of the machine": connect(socket.AF_INET, ("127.0.0.1", GIVEN["port"])),
    "trace a process of the executor's user": ptrace,
    "signal a process of the executor's user": lambda: os.kill(GIVEN["victim"], 0),
    "see other processes in /proc": lambda: read(f"/proc/{GIVEN['victim']}/environ"),
    "open devices of the machine": devices,
    "make a device file": make_device,
    "use another process's System V memory": shared_memory,
    "leave System V memory behind": leave_memory,
    "read keys of the executor's keyring": keyring,
    "mount a file system": lambda: in_child(mount),
    "mount a file system in namespaces of its own": lambda: in_child(mount_in_namespaces),
    "make a user namespace": lambda: in_child(lambda: call(LIBC.unshare(NEWUSER))),
    "act as root or with capabilities": privileges,
    "gain rights by a set-user-ID program": set_user_id,
    "start more processes than its limit": fork_bomb,
    "leave a process behind": leave_process,
}

for name, does in TRIES.items():
    try:
        does()
        print(name, "open", sep="\t")
    except (OSError, IndexError) as error:
        print(name, "held", sep="\t")
    sys.stdout.flush()
