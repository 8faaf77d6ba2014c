"""Tries what the daemon's sandbox must refuse, from within it, and prints what came of each."""

import ctypes
import json
import mmap
import os
import socket
import sys
from typing import Callable

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, PTRACE_ATTACH, SCHED_FIFO = 0x10000000, 16, 1


def call(name: str, *arguments: object) -> None:
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path: str) -> Callable[[], None]:
    return lambda: open(path, "w").close()


def set_clock() -> None:
    call("clock_settime", 0, (ctypes.c_long * 2)(1, 1))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "internet socket, version 6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
    "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "another program": lambda: os.execv("/usr/bin/true", ["true"]),
    "write to /etc": write("/etc/sluice/probe"),
    "write to /usr": write("/usr/probe"),
    "write to /var": write("/var/probe"),
    "write to its own configuration": write("/etc/sluice/sluice.toml"),
    "read a password's file": lambda: open("/etc/shadow").close(),
    "look into /root": lambda: os.listdir("/root/visible"),
    "look into /home": lambda: os.listdir("/home/visible"),
    "see other processes": lambda: os.stat("/proc/1"),
    "kernel variables": write("/proc/sys/kernel/hostname"),
    "memory that is written and run": lambda: mmap.mmap(
        -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    ),
    "a namespace": lambda: call("unshare", CLONE_NEWUSER),
    "a mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "trace a process": lambda: call("ptrace", PTRACE_ATTACH, 1, 0, 0),
    "real-time scheduling": lambda: os.sched_setscheduler(0, SCHED_FIFO, os.sched_param(1)),
    "the clock": set_clock,
    "the machine's name": lambda: socket.sethostname("probe"),
    "another user": lambda: os.setuid(0),
    "a device": lambda: open("/dev/mem", "rb").close(),
    "kernel messages": lambda: open("/dev/kmsg", "rb").close(),
    "a set-user-ID file": lambda: os.chmod("/var/lib/sluice/probe", 0o4755),
    "another execution domain": lambda: call("personality", 0x0008),
}


def main() -> None:
    folder = "/var/lib/sluice"
    open(f"{folder}/probe", "w").close()
    outcomes = {}
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
            outcomes[name] = "worked"
        except OSError as error:
            outcomes[name] = error.strerror
    outcomes["interfaces"] = sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else []
    with open(f"{folder}/outcomes", "w") as file:
        json.dump(outcomes, file)


if __name__ == "__main__":
    sys.exit(main())
