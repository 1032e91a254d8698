"""A small program that starts other programs, and makes sure that none of them outlives the server.

The server forks nothing itself: it is large and has threads. It runs this program with an interpreter of its choice, as
`python -I -S warden_main.py <fd> [<directory of modules> <module to import>...]`, and asks it over the socket `fd`:

    -> {"start": number, "argv": [...], "module": name or null, "environ": {...}, "cwd": ..., "path": [...],
        "room": see rooms.py, or null, "nice": 0 to 19, "shared": whether others are going to share its room,
        "files": how many it may have open at a time, or 0, "descriptors": how many come with it}
    <- {"started": number, "pid": pid}   or {"failed": number, "reason": ...}
    <- {"exited": pid, "status": as os.wait tells it}
    -> {"signal": pid, "number": signal} to the whole process group

Without a module `argv` is executed. With one the interpreter goes on as a fork: it calls `main(argv)` of the module with `sys.path` as
given; what was imported before the fork need not be imported again. When the server is gone, all process groups are killed.

What such a program starts in a session of its own (a daemon) becomes a child of the warden when its parent ends, where the system has that
(Linux). It ends with the last program of its room, or else with the server.

It needs nothing but the standard library of any Python from 3.8 on.
"""

import array
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import traceback

# the one module that lies beside this one; programs that go on as forks shall not find it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rooms

del sys.path[0], sys.modules["rooms"]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_HEAD = struct.Struct("!I")
_DESCRIPTORS = 4
_OUT_OF_THE_WAY = 100
_END_SECONDS = 1.0


class Warden:
    def __init__(self, channel):
        self.channel = channel
        self.groups = set()
        self.received = b""
        self.descriptors = []  # those that came with each message, of messages that are not read yet
        self.wakeup, tell = os.pipe()
        os.set_blocking(tell, False)
        os.set_blocking(self.wakeup, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        _control(_PR_SET_CHILD_SUBREAPER, 1)

    def run(self):
        # not `select`, which knows no descriptors from 1,024 on: the server that gave us ours may have many
        waiting = select.poll()
        for each in (self.channel, self.wakeup):
            waiting.register(each, select.POLLIN)
        while True:
            ready = {number for number, _ in waiting.poll()}
            if self.wakeup in ready:
                os.read(self.wakeup, 4096)
                self.reap()
            if self.channel.fileno() in ready and not self.receive():
                self.kill_all()
                return

    def receive(self):
        space = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
        data, ancillary, flags, _ = self.channel.recvmsg(1 << 16, space)
        came = [_descriptors_of(content) for _, kind, content in ancillary if kind == socket.SCM_RIGHTS]
        # the system leaves out what is more than we may have open
        self.descriptors += came or ([[]] if flags & socket.MSG_CTRUNC else [])
        self.received += data
        while len(self.received) >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self.received)
            if len(self.received) < _HEAD.size + length:
                break
            message = json.loads(self.received[_HEAD.size : _HEAD.size + length])
            self.received = self.received[_HEAD.size + length :]
            self.handle(message)
        return bool(data)

    def send(self, message):
        data = json.dumps(message).encode()
        self.channel.sendall(_HEAD.pack(len(data)) + data)

    def handle(self, message):
        if "signal" in message:
            self.signal(message["signal"], message["number"])
            return
        descriptors = self.descriptors.pop(0)
        if len(descriptors) < message["descriptors"]:
            _close(*descriptors)
            self.send({"failed": message["start"], "reason": "too many open files"})
            return
        entered, tell = os.pipe() if message["shared"] else (-1, -1)
        try:
            pid = os.fork()
        except OSError as error:
            _close(*descriptors, entered, tell)
            self.send({"failed": message["start"], "reason": str(error)})
            return
        if pid == 0:
            self.become(message, descriptors, tell)
        _close(*descriptors, tell)
        if entered >= 0:
            os.read(entered, 1)  # until the room is there, or the program has ended
            _close(entered)
        self.groups.add(pid)
        self.send({"started": message["start"], "pid": pid})

    def become(self, message, descriptors, entered):
        """In the child: be the program that was asked for. `entered` is closed as soon as it is in its room."""
        status = 127
        try:
            os.setpgid(0, 0)
            _die_with_parent()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self.channel.close()
            os.close(self.wakeup)
            entered = _take(descriptors, entered)
            os.nice(message["nice"])
            if message["room"] is not None:
                rooms.enter(message["room"])
                _keep_bytecode()
            _close(entered)
            _limit_files(message["files"])
            os.chdir(message["cwd"])
            if message["module"] is None:
                os.execvpe(message["argv"][0], message["argv"], message["environ"])
            os.environ.clear()
            os.environ.update(message["environ"])
            time.tzset()
            _look_in(message["path"])
            sys.argv = message["argv"]
            status = 1
            __import__(message["module"])
            sys.modules[message["module"]].main(sys.argv)
            status = 0
        except SystemExit as error:
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
            status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def signal(self, pid, number):
        if pid in self.groups:
            try:
                os.killpg(pid, number)
            except OSError:
                pass

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                self.sweep()
                return
            if pid in self.groups:
                self.signal(pid, signal.SIGKILL)  # what it may have left behind
                self.groups.discard(pid)
                self.send({"exited": pid, "status": status})

    def sweep(self):
        """Kill what was left behind outside of its group: it is in a room that nobody is in any more."""
        left = _children() - self.groups
        if left:
            rooms = {_room_of(pid) for pid in (os.getpid(), *self.groups)}
            for pid in left:
                if _room_of(pid) not in rooms:
                    _kill(pid)

    def kill_all(self):
        for pid in self.groups:
            self.signal(pid, signal.SIGKILL)
        until = time.monotonic() + _END_SECONDS
        while time.monotonic() < until:
            for pid in _children():  # also what has become one since we looked
                _kill(pid)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            time.sleep(0.002)


def _descriptors_of(content):
    found = array.array("i")
    found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return list(found)


def _children():
    """Processes whose parent is this one, empty where the system does not tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return set(map(int, file.read().split()))
    except OSError:
        return set()


def _room_of(pid):
    """What tells a room from others; nothing for a process that has ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def _look_in(path):
    """Find modules in these directories, then in those of PYTHONPATH, which was read before anybody knew it, then where they were found."""
    asked = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    first = [each for each in path if each not in asked] + asked
    sys.path[:] = first + [each for each in sys.path if each not in first]


def _keep_bytecode():
    """What was compiled of a room's own modules is kept beside them; libraries of the machine have theirs already."""
    usual = importlib._bootstrap_external.cache_from_source

    def place(path, *arguments, **options):
        found = usual(path, *arguments, **options)
        return "/var/bytecode" + found if path.startswith(("/var/task/", "/opt/")) else found

    importlib._bootstrap_external.cache_from_source = place


def _die_with_parent():
    """Only Linux has it; elsewhere the end of the channel is what tells."""
    _control(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _control(option, value):
    try:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        pass


def _limit_files(most):
    if most:
        _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _take(descriptors, kept):
    """Standard output and error are the first two, the others are 3, 4 and so on. There is no input. Returns where `kept` is now."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    moved = [os.dup2(each, _OUT_OF_THE_WAY + index) for index, each in enumerate(descriptors)]
    if kept >= 0:
        kept = os.dup2(kept, _OUT_OF_THE_WAY + 2 * _DESCRIPTORS)
    os.dup2(nothing, 0)
    for index, each in enumerate(moved):
        os.dup2(each, 1 + index)
    os.closerange(1 + len(moved), _OUT_OF_THE_WAY + _DESCRIPTORS)
    return kept


def _close(*descriptors):
    for each in descriptors:
        if each >= 0:
            os.close(each)


def main():
    channel = socket.socket(fileno=int(sys.argv[1]))
    if len(sys.argv) > 2:
        sys.path.insert(0, sys.argv[2])
        for name in sys.argv[3:]:
            __import__(name)
    Warden(channel).run()


if __name__ == "__main__":
    main()
