"""Starts a program as a user, with a key in its session keyring."""
import ctypes, os, platform, sys

user, program = int(sys.argv[1]), sys.argv[2:]
libc = ctypes.CDLL(None, use_errno=True)
add_key, keyctl = (248, 250) if platform.machine() == "x86_64" else (217, 219)
libc.syscall(keyctl, 1, None)
libc.syscall(add_key, b"user", b"playhouse-hostile", b"secret", ctypes.c_size_t(6), -3)
if user:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
os.execv(program[0], program)
