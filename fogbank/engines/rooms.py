"""A file system of one's own for a program: its code, its libraries and its scratch space where it expects them.

Used by `warden_main.py` in the child, before it becomes the program; so this is one module of the standard library's, too. A room is

    task      directory that appears as /var/task, for reading
    runtime   directory that appears as /var/runtime, for reading
    bytecode  directory that appears as /var/bytecode, where Python may keep what it has compiled
    modules   directories that appear together as /var/node_modules
    layers    directories that appear together as /opt, the last one on top
    skeleton  directory with empty directories for all that appears in /var
    tmp       bytes that fit into /tmp, which is empty; 0 for that of the machine
    hosts     file that appears as /etc/hosts, for reading; empty for that of the machine

or, of a program whose whole file system is a directory,

    root      directory that appears as /, for reading; it has dev, proc, tmp, etc/hosts and etc/resolv.conf to lay the machine's over
    tmp, hosts as above

or, of a program that shares the room of another one, only

    of        process that is in the room

It is a mount namespace (Linux), of root's or in a user namespace. As a program, with a room in JSON, this says whether the machine lets us.
"""

import ctypes
import json
import os
import sys

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_SPACES = (("user", _NEW_USERS), ("mnt", _NEW_MOUNTS))
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
# What a mount in a user namespace has to keep of the one below: nosuid, nodev, noexec, noatime, nodiratime.
_KEPT = 2 | 4 | 8 | 1024 | 2048
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DEVICES = ("full", "null", "random", "urandom", "zero")
_STREAMS = (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"))


def enter(room):
    """Have this process, and what it starts, see the room. Raises OSError."""
    if "of" in room:
        _join(room["of"])
        return
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USERS)
    if user != 0:
        _map_users(user, group)
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    if "root" in room:
        _move(room)
        return
    _overlay([room["skeleton"], "/var"], "/var")
    _bind(room["task"], "/var/task")
    _bind(room["runtime"], "/var/runtime")
    if room["bytecode"]:
        _mount(room["bytecode"], "/var/bytecode", None, _BIND)
    if room["modules"]:
        _together(room["modules"], "/var/node_modules")
    if room["layers"]:
        _overlay([*reversed(room["layers"]), "/opt"], "/opt")
    if room.get("hosts"):
        _bind(room["hosts"], "/etc/hosts")
    if room["tmp"]:
        # last: what appears elsewhere may come from the machine's own /tmp
        _mount("tmpfs", "/tmp", "tmpfs", 0, f"mode=1777,size={room['tmp']}")


def _move(room):
    """Into another root directory, with nothing of the machine but what every program needs."""
    root = room["root"]
    _bind(root, root)
    _mount("/proc", root + "/proc", None, _BIND | _RECURSIVE)
    _mount("tmpfs", root + "/dev", "tmpfs", 0, "mode=755,size=64k")
    for name in _DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT))
        _mount("/dev/" + name, f"{root}/dev/{name}", None, _BIND)
    for name, target in _STREAMS:
        os.symlink("/proc/self/" + target, f"{root}/dev/{name}")
    _bind(room.get("hosts") or "/etc/hosts", root + "/etc/hosts")
    _bind(os.path.realpath("/etc/resolv.conf"), root + "/etc/resolv.conf")
    _mount("tmpfs", root + "/tmp", "tmpfs", 0, f"mode=1777,size={room['tmp']}")
    os.chdir(root)
    # the machine's root is put over the new one, and taken off again
    _call("syscall", ctypes.c_long(_PIVOT_ROOT[os.uname().machine]), b".", b".")
    _call("umount2", b".", _DETACH)
    os.chdir("/")


def branch(size):
    """Have this process see a copy of the /tmp (so many bytes fit) that it shares with others, and else the same room. Raises OSError."""
    before = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY)
    _call("unshare", _NEW_MOUNTS)
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", 0, f"mode=1777,size={size}")
    _copy(f"/proc/self/fd/{before}", "/tmp")
    os.close(before)


def _copy(source, target):
    """Directories, files and links."""
    import shutil  # which few programs need

    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
        elif entry.is_dir():
            os.mkdir(place)
            _copy(entry.path, place)
            shutil.copystat(entry.path, place)
        elif entry.is_file():
            shutil.copy2(entry.path, place)


def _join(process):
    """A user namespace is joined first, for the right to join the other one; one's own cannot be joined."""
    spaces = [(name, kind, os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)) for name, kind in _SPACES]
    for name, kind, space in spaces:
        if not os.path.samestat(os.fstat(space), os.stat("/proc/self/ns/" + name)):
            _call("setns", space, kind)
        os.close(space)


def _map_users(user, group):
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)


def _bind(source, target):
    """For reading only."""
    _mount(source, target, None, _BIND)
    _mount("none", target, None, _BIND | _REMOUNT | _READ_ONLY | (os.statvfs(target).f_flag & _KEPT))


def _together(sources, target):
    if len(sources) == 1:
        _bind(sources[0], target)
    else:
        _overlay(sources, target)


def _overlay(sources, target):
    """The first one on top; without a place to write to."""
    names = [each.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,") for each in sources]
    _mount("overlay", target, "overlay", _READ_ONLY, "lowerdir=" + ":".join(names))


def _mount(source, target, kind, flags, options=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    _call("mount", *encoded[:3], ctypes.c_ulong(flags), encoded[3])


def _call(name, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    try:
        function = getattr(library, name)
    except AttributeError:
        raise OSError(name + " is not there") from None
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    enter(json.loads(sys.argv[1]))
