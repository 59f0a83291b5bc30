"""The inside of the laboratory: boots a plan of network namespaces, answers and sends real packets in them.

Runs as the first process of

    unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc --propagation private

and speaks JSON lines: the plan and then commands come in on standard input, one answer for each goes out on standard
output. The end of standard input ends the process at once, and with the first process of a pid namespace the kernel
ends all others and frees every namespace: whoever started the laboratory may die in any way and leaves nothing behind.

Python, because a socket belongs to the network namespace in which its thread created it: one thread that calls
setns(2) can serve and probe every host from one process. Node.js has no setns and would need a process for each host.
Only the standard library is used. Needs Python 3.8.

A thread that is inside a host's namespace starts tools there without ip-netns: children inherit the namespace of the
thread that starts them.
"""

import ctypes
import errno
import fcntl
import glob
import heapq
import json
import os
import queue
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 0x0003
SIOCGIFFLAGS, IFF_UP, IFF_RUNNING = 0x8913, 0x1, 0x40
NETLINK_NETFILTER, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 12, 270, 1
IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_RECVERR, IP_PKTINFO = 10, 2, 11, 8
IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_RECVPKTINFO, IPV6_PKTINFO = 23, 25, 49, 50
IPV4_HEADER, IPV6_HEADER, UDP_HEADER = 20, 40, 8

# Seconds that one tool may take: loading 430,000 rules takes some twelve.
TOOL_TIMEOUT = 120
# A rootless nft transaction must fit the default socket buffer of some 208 KiB.
NFT_LINES = 300
TCP_IN_FLIGHT = 1000
UDP_IN_FLIGHT = 200
# How long the path may take to answer that a packet is too big before it is sent again.
RESEND_AFTER = 0.1
SETTLE_TIMEOUT = 3.0
TRACE_QUIET = 0.2
SIDE_TABLE = "knet_trace"

libc = ctypes.CDLL(None, use_errno=True)


class LoadProblem(Exception):
    """A tool refused a file; the argument is what is reported."""

    def __init__(self, problem):
        super().__init__(problem["message"])
        self.problem = problem


# Processes and namespaces -------------------------------------------------------------------------


def mount_private_run():
    """A /run of our own: names of network namespaces and the lock of iptables stay inside."""
    if libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount tmpfs on /run: " + os.strerror(ctypes.get_errno()))
    os.makedirs("/run/netns")
    os.makedirs("/run/lock")


class Namespaces:
    """Enters network namespaces by name. Entering holds for the calling thread only."""

    def __init__(self):
        self.descriptors = {}
        self.current = threading.local()

    def open(self, names):
        for name in names:
            self.descriptors[name] = os.open("/run/netns/" + name, os.O_RDONLY | os.O_CLOEXEC)

    def enter(self, name):
        if getattr(self.current, "name", None) == name:
            return
        if libc.setns(self.descriptors[name], CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns %s: %s" % (name, os.strerror(ctypes.get_errno())))
        self.current.name = name


def run_tool(argv, text=None, env=None):
    """(exit status, standard output, standard error) of a tool in the namespace of the calling thread."""
    try:
        done = subprocess.run(
            argv,
            input=None if text is None else text.encode(),
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=TOOL_TIMEOUT,
            env=dict(os.environ, **(env or {})),
        )
    except FileNotFoundError:
        return 127, "", "%s is not installed" % argv[0]
    except subprocess.TimeoutExpired:
        return 124, "", "%s did not end within %d s" % (argv[0], TOOL_TIMEOUT)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


# Loading files ------------------------------------------------------------------------------------


def problem_of(namespace, name, text, line, message):
    lines = text.split("\n")
    return {
        "namespace": namespace,
        "file": name,
        "line": line,
        "text": lines[line - 1] if line is not None and 0 < line <= len(lines) else None,
        "message": message.strip(),
    }


BATCH_LINE = re.compile(r"Command failed -:(\d+)")
RESTORE_LINE = re.compile(r"\bline:? (\d+)")


def load_batch(argv, text):
    status, _, stderr = run_tool(argv + ["-batch", "-"], text)
    if status == 0:
        return None
    found = BATCH_LINE.search(stderr)
    return (int(found.group(1)) if found else None), BATCH_LINE.sub("", stderr)


def load_restore(argv, text, env=None):
    status, _, stderr = run_tool(argv, text, env)
    if status == 0:
        return None
    found = RESTORE_LINE.search(stderr)
    message = "\n".join(line for line in stderr.split("\n") if not line.startswith("Try `"))
    return (int(found.group(1)) if found else None), message


def nft_blocks(text):
    """The payload in blocks that each fit one transaction, and for each of its lines the line it came from."""
    out, origins = [], []
    table, in_block = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if line == "" or line.startswith("#"):
            continue
        if line.startswith("*"):
            table, in_block = line, 0
        elif line != "COMMIT" and in_block == NFT_LINES and table is not None:
            out += ["COMMIT", table]
            origins += [number, number]
            in_block = 0
        out.append(line)
        origins.append(number)
        in_block += 0 if line.startswith("*") or line == "COMMIT" else 1
    return "".join(line + "\n" for line in out), origins


def load_iptables(family, variant, namespace, text):
    tool = "iptables" if family == 4 else "ip6tables"
    # One lock for each namespace: the tables are its own, and loaders need not wait for each other.
    env = {"XTABLES_LOCKFILE": "/run/lock/xtables." + namespace}
    if variant == "legacy":
        return load_restore([tool + "-legacy-restore", "--noflush"], text, env)
    blocks, origins = nft_blocks(text)
    failed = load_restore([tool + "-nft-restore", "--noflush"], blocks, env)
    if failed is None or failed[0] is None or not 0 < failed[0] <= len(origins):
        return failed
    return origins[failed[0] - 1], failed[1]


def sysctl_path(key):
    """The file of a parameter below net/, the only ones that belong to a network namespace."""
    path = key if "/" in key else key.replace(".", "/")
    if not path.startswith("net/") or ".." in path.split("/"):
        return None
    return "/proc/sys/" + path


# Parameters of the whole machine that the kernel shows read-only, or not at all, to a namespace.
MACHINE_WIDE = re.compile(r"^net[/.](core[/.]|netfilter[/.]nf_conntrack_(max|buckets|expect_max)$|nf_conntrack_max$|ipv[46][/.]neigh[/.]default[/.])")


def write_sysctl(key, value):
    """None when written, else the message."""
    path = sysctl_path(key)
    if path is None:
        return "not a parameter of a network namespace"
    try:
        with open(path, "w") as file:
            file.write(value)
    except OSError as error:
        return os.strerror(error.errno)
    return None


def load_sysctls(text, skipped):
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip()
        if words == "" or words[0] in "#;":
            continue
        key, equals, value = words.partition("=")
        if equals == "":
            return number, "expected `key = value`"
        key = key.strip()
        if sysctl_path(key) is None:
            # A parameter of the machine: written here it would leave the laboratory.
            skipped.append({"what": key, "reason": "belongs to the whole machine"})
            continue
        message = write_sysctl(key, value.strip())
        if message is not None and MACHINE_WIDE.search(key):
            skipped.append({"what": key, "reason": message})
        elif message is not None:
            return number, message
    return None


def load_file(namespace, variant, file, skipped):
    loader, text = file["loader"], file["text"]
    if text == "":
        return
    if loader == "ip":
        failed = load_batch(["ip"], text)
    elif loader == "ip6":
        failed = load_batch(["ip", "-6"], text)
    elif loader == "bridge":
        failed = load_batch(["bridge"], text)
    elif loader == "sysctl":
        failed = load_sysctls(text, skipped)
    elif loader == "ipset":
        failed = load_restore(["ipset", "restore"], text)
    elif loader == "iptables":
        failed = load_iptables(4, variant, namespace, text)
    elif loader == "ip6tables":
        failed = load_iptables(6, variant, namespace, text)
    else:
        raise ValueError("no loader " + loader)
    if failed is not None:
        raise LoadProblem(problem_of(namespace, file["name"], text, failed[0], failed[1]))


def batches(files):
    """Files in order, those of `ip` that follow each other together: one process reads them all."""
    groups = []
    for file in files:
        if groups and file["loader"] == "ip" and groups[-1][0]["loader"] == "ip":
            groups[-1].append(file)
        else:
            groups.append([file])
    return groups


def load_batches(namespace, files):
    """Several files of `ip` at once; a line that is refused is told by its own file and number."""
    failed = load_batch(["ip"], "".join(file["text"] for file in files))
    if failed is None:
        return
    line, message = failed
    for file in files:
        lines = file["text"].count("\n")
        if line is None or line <= lines:
            raise LoadProblem(problem_of(namespace, file["name"], file["text"], line, message))
        line -= lines
    raise LoadProblem(problem_of(namespace, None, "", None, message))


def in_workers(namespaces, items, act):
    """Calls act(item) for each item by a few threads; gives the problems in the order of the items."""
    work = queue.Queue()
    for index, item in enumerate(items):
        work.put((index, item))
    problems = []

    def worker():
        while True:
            try:
                index, item = work.get_nowait()
            except queue.Empty:
                return
            try:
                namespaces.enter(item["name"])
                act(item)
            except LoadProblem as failed:
                problems.append((index, failed.problem))
            except Exception as failed:
                problems.append((index, problem_of(item["name"], None, "", None, repr(failed))))

    threads = [threading.Thread(target=worker) for _ in range(min(4, max(2, os.cpu_count() or 2)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [problem for _, problem in sorted(problems, key=lambda found: found[0])]


def wait_for_carrier(namespaces, plan):
    """Waits until both ends of every wire have a carrier; gives the (namespace, device) pairs that have none."""
    waiting = [(tuple(wire[0]), tuple(wire[1])) for wire in plan["pairs"]]
    deadline = time.monotonic() + SETTLE_TIMEOUT
    control = {}

    def flags(name, device):
        if name not in control:
            namespaces.enter(name)
            control[name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        answer = fcntl.ioctl(control[name], SIOCGIFFLAGS, struct.pack("16sH22x", device.encode(), 0))
        return struct.unpack("16sH22x", answer)[1]

    def pending(wire):
        both = flags(*wire[0]), flags(*wire[1])
        # A wire of which one host leaves its end down is as it should be.
        return all(end & IFF_UP for end in both) and not all(end & IFF_RUNNING for end in both)

    try:
        while waiting and time.monotonic() < deadline:
            waiting = [wire for wire in waiting if pending(wire)]
            if waiting:
                time.sleep(0.01)
    finally:
        for holder in control.values():
            holder.close()
    return [end for wire in waiting for end in wire]


def boot(plan, namespaces, skipped):
    """Makes and fills every namespace. Gives the problems."""
    for name, text in (("namespaces.ip", plan["create"]), ("wires.ip", plan["wires"])):
        failed = load_batch(["ip"], text)
        if failed is not None:
            return [problem_of(None, name, text, failed[0], failed[1])]
        if name == "namespaces.ip":
            namespaces.open([item["name"] for item in plan["namespaces"]])
            problems = in_workers(namespaces, plan["namespaces"], lambda item: set_own(item, "before"))
            if problems:
                return problems

    def load(item):
        set_own(item, "after")
        for files in batches(item["files"]):
            if len(files) > 1:
                load_batches(item["name"], files)
            else:
                load_file(item["name"], plan["variant"], files[0], skipped)

    # Namespaces with bridges last: their ports find both ends of each wire in place.
    for wire in (False, True):
        problems = in_workers(namespaces, [item for item in plan["namespaces"] if item["wire"] == wire], load)
        if problems:
            return problems
    return [
        problem_of(name, None, "", None, "device %s has no carrier after %g s" % (device, SETTLE_TIMEOUT))
        for name, device in wait_for_carrier(namespaces, plan)
    ]


def set_own(item, stage):
    """The laboratory's own parameters, which are no part of any artifact."""
    for setting in item["settings"]:
        if setting["stage"] != stage:
            continue
        message = write_sysctl(setting["key"], setting["value"])
        if message is not None and not setting["optional"]:
            raise LoadProblem(problem_of(item["name"], "settings of the laboratory", "", None, "%s: %s" % (setting["key"], message)))


# Listening ----------------------------------------------------------------------------------------

PROTOCOLS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, 132),
}


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listening_socket(listener, address):
    family = family_of(address)
    kind, number = PROTOCOLS[listener["protocol"]]
    holder = socket.socket(family, kind, number)
    try:
        if listener["protocol"] != "udp":
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if listener["protocol"] == "udp":
            # The answer must leave from the address that was asked, also on a host with several.
            if family == socket.AF_INET6:
                holder.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
            else:
                holder.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        holder.setblocking(False)
        holder.bind((address, listener["port"]))
        if listener["protocol"] != "udp":
            holder.listen(1024)
    except OSError:
        holder.close()
        raise
    return holder


def answer_to(name, peer):
    return ("%s %s %d\n" % (name, peer[0].split("%")[0], peer[1])).encode()


def serve_datagram(holder, name):
    while True:
        try:
            _, ancillary, _, peer = holder.recvmsg(65536, 256)
        except BlockingIOError:
            return
        except OSError:
            # A pending ICMP error about an answer; reading it clears it.
            continue
        back = []
        for level, kind, data in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                back.append((level, kind, struct.pack("=i4s4s", 0, data[4:8], b"\0\0\0\0")))
            elif (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
                back.append((level, kind, data[:16] + struct.pack("=i", 0)))
        try:
            holder.sendmsg([answer_to(name, peer)], back, 0, peer)
        except OSError:
            # No way back, or a rule that forbids it: the one who asks sees the silence.
            continue


def serve_stream(holder, name):
    while True:
        try:
            connection, peer = holder.accept()
        except BlockingIOError:
            return
        except OSError:
            continue
        try:
            connection.send(answer_to(name, peer))
        except OSError:
            pass
        connection.close()


def serve(commands, answers):
    """The process that listens for all hosts. Reads one line with the listeners, answers one with problems and skipped."""
    listeners = json.loads(commands.readline() or "[]")
    namespaces = Namespaces()
    namespaces.open(sorted({listener["namespace"] for listener in listeners}))
    poll = select.epoll()
    sockets, problems, skipped = {}, [], []
    for listener in listeners:
        namespaces.enter(listener["namespace"])
        for address in ["0.0.0.0", "::"] if listener["address"] is None else [listener["address"]]:
            try:
                holder = listening_socket(listener, address)
            except OSError as error:
                what = "%s listening on %s %s port %d" % (listener["host"], listener["protocol"], address, listener["port"])
                if error.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
                    skipped.append({"what": what, "reason": os.strerror(error.errno)})
                else:
                    problems.append(problem_of(listener["namespace"], None, "", None, "%s: %s" % (what, os.strerror(error.errno))))
                continue
            sockets[holder.fileno()] = (holder, listener["host"], serve_datagram if listener["protocol"] == "udp" else serve_stream)
            poll.register(holder, select.EPOLLIN)
    answers.write(json.dumps([problems, skipped]) + "\n")
    answers.flush()
    while True:
        for descriptor, _ in poll.poll():
            holder, name, act = sockets[descriptor]
            act(holder, name)


def start_server():
    """Forked before any thread exists. Gives the two ends that the first process keeps."""
    commands_in, commands_out = os.pipe()
    answers_in, answers_out = os.pipe()
    if os.fork() == 0:
        os.close(commands_out)
        os.close(answers_in)
        os.close(0)
        try:
            serve(os.fdopen(commands_in), os.fdopen(answers_out, "w"))
        except BaseException as failed:
            os.write(2, ("the listening process failed: %r\n" % failed).encode())
        finally:
            os._exit(1)
    os.close(commands_in)
    os.close(answers_out)
    return os.fdopen(commands_out, "w"), os.fdopen(answers_in)


# Probing ------------------------------------------------------------------------------------------

VERDICTS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "refused",
    errno.EHOSTUNREACH: "hostunreach",
    # IPv6's code for an error of type "prohibited", and the route type `prohibit`.
    errno.EACCES: "hostunreach",
    errno.ENOPROTOOPT: "hostunreach",
    errno.EHOSTDOWN: "hostunreach",
    errno.ENETUNREACH: "netunreach",
    errno.ENETDOWN: "netunreach",
    errno.EMSGSIZE: "msgsize",
    errno.EINVAL: "invalid",
    errno.ETIMEDOUT: "timeout",
}


def soft_error(holder):
    """The error that the kernel keeps for later, or 0.

    Between namespaces of one machine an ICMP error can be back while connect(2) still holds the socket. The kernel
    then notes it only, and TCP reports it with the next SYN a second later.
    """
    return holder.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


class ProbeRun:
    """One batch: as many probes in flight as the machine bears, each until its answer, its error or its deadline."""

    def __init__(self, namespaces, probes, traced=False):
        self.namespaces = namespaces
        # A trace shows resets, so that its probe closes without one.
        self.traced = traced
        self.waiting = {"udp": [], "stream": []}
        for probe in reversed(probes):
            self.waiting["udp" if probe["protocol"] == "udp" else "stream"].append(probe)
        self.in_flight = {"udp": 0, "stream": 0}
        self.limits = {"udp": UDP_IN_FLIGHT, "stream": TCP_IN_FLIGHT}
        self.poll = select.epoll()
        self.open = {}
        self.timers = []
        # Orders timers of the same moment, so that the heap never compares probes.
        self.counter = 0
        self.results = []

    def run(self):
        while True:
            self.start_some()
            if not self.open:
                break
            delay = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else 1.0
            for descriptor, _ in self.poll.poll(delay + 0.001):
                if descriptor in self.open:
                    self.receive(descriptor)
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                _, _, descriptor, probe, kind = heapq.heappop(self.timers)
                entry = self.open.get(descriptor)
                if entry is None or entry["probe"] is not probe:
                    continue
                if kind == "resend":
                    self.send(descriptor, entry)
                    continue
                code = soft_error(entry["holder"])
                if code != 0:
                    self.fail(descriptor, code)
                else:
                    self.end(descriptor, "timeout", entry["error"])
        self.poll.close()
        return self.results

    def start_some(self):
        for kind in ("stream", "udp"):
            while self.waiting[kind] and self.in_flight[kind] < self.limits[kind]:
                self.start(self.waiting[kind].pop(), kind)

    def report(self, probe, verdict, error=None, answer=None):
        words = answer.decode(errors="replace").split() if answer else []
        named = len(words) == 3
        self.results.append({
            "id": probe["id"],
            "verdict": verdict,
            "server": words[0] if named else None,
            "source": words[1] if named else None,
            "sourcePort": int(words[2]) if named else None,
            "error": error,
        })

    def start(self, probe, kind):
        self.namespaces.enter(probe["namespace"])
        family = family_of(probe["to"])
        type_, number = PROTOCOLS[probe["protocol"]]
        holder = None
        try:
            holder = socket.socket(family, type_, number)
            holder.setblocking(False)
            if kind == "stream" and not self.traced:
                # Close with a reset: no TIME_WAIT keeps the port.
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                # Also errors that a plain socket keeps to itself until it gives up.
                if family == socket.AF_INET6:
                    holder.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
                else:
                    holder.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
                if probe["size"] > 0:
                    if family == socket.AF_INET6:
                        holder.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO)
                    else:
                        holder.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
            if probe["src"] is not None or probe["sport"] != 0:
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind((probe["src"] or ("::" if family == socket.AF_INET6 else "0.0.0.0"), probe["sport"]))
        except OSError as error:
            if holder is not None:
                holder.close()
            # Not a verdict of the network: the probe itself cannot be made.
            self.report(probe, "impossible", errno.errorcode.get(error.errno, str(error.errno)))
            return
        code = holder.connect_ex((probe["to"], probe["port"]))
        if code == errno.EINPROGRESS:
            code = soft_error(holder) or code
        if code not in (0, errno.EINPROGRESS):
            holder.close()
            self.finish_errno(probe, code)
            return
        descriptor = holder.fileno()
        entry = {"probe": probe, "holder": holder, "kind": kind, "error": None, "data": b""}
        self.open[descriptor] = entry
        self.in_flight[kind] += 1
        self.poll.register(descriptor, select.EPOLLIN)
        self.timer(probe["timeout"], descriptor, probe, "deadline")
        if kind == "udp":
            self.send(descriptor, entry)
            if probe["size"] > 0 and descriptor in self.open:
                self.timer(RESEND_AFTER, descriptor, probe, "resend")

    def timer(self, delay, descriptor, probe, kind):
        self.counter += 1
        heapq.heappush(self.timers, (time.monotonic() + delay, self.counter, descriptor, probe, kind))

    def send(self, descriptor, entry):
        probe = entry["probe"]
        if probe["size"] > 0:
            header = (IPV6_HEADER if ":" in probe["to"] else IPV4_HEADER) + UDP_HEADER
            payload = b"x" * max(0, probe["size"] - header)
        else:
            payload = b"knet"
        try:
            entry["holder"].send(payload)
        except OSError as error:
            if error.errno == errno.EPERM:
                # A rule of the own host dropped it. A REJECT says more: its error is on the way to this socket.
                entry["error"] = "EPERM"
                return
            self.fail(descriptor, error.errno)

    def receive(self, descriptor):
        entry = self.open[descriptor]
        try:
            data = entry["holder"].recv(4096)
        except BlockingIOError:
            return
        except OSError as error:
            self.fail(descriptor, error.errno)
            return
        entry["data"] += data
        if b"\n" in entry["data"]:
            self.end(descriptor, "ok", None, entry["data"])
        elif data == b"" and entry["kind"] == "stream":
            self.end(descriptor, "refused", "closed without an answer")

    def fail(self, descriptor, code):
        entry = self.release(descriptor)
        self.finish_errno(entry["probe"], code)

    def finish_errno(self, probe, code):
        name = errno.errorcode.get(code, str(code))
        if code == errno.EPERM:
            self.report(probe, "timeout", name)
        else:
            self.report(probe, VERDICTS.get(code, "impossible"), name)

    def end(self, descriptor, verdict, error=None, answer=None):
        entry = self.release(descriptor)
        self.report(entry["probe"], verdict, error, answer)

    def release(self, descriptor):
        entry = self.open.pop(descriptor)
        self.in_flight[entry["kind"]] -= 1
        self.poll.unregister(descriptor)
        entry["holder"].close()
        return entry


# Evidence -----------------------------------------------------------------------------------------


def save(namespaces, name, variant):
    """What the kernel holds, as the tools print it."""
    namespaces.enter(name)
    commands = {
        "iptables": ["iptables-%s-save" % variant],
        "ip6tables": ["ip6tables-%s-save" % variant],
        "ipset": ["ipset", "save"],
        "routes": ["ip", "-j", "route", "show", "table", "all"],
        "routes6": ["ip", "-6", "-j", "route", "show", "table", "all"],
        "rules": ["ip", "-j", "rule"],
        "rules6": ["ip", "-6", "-j", "rule"],
        "addresses": ["ip", "-j", "address"],
        "neighbours": ["ip", "-j", "neighbour"],
        "links": ["ip", "-j", "-d", "link"],
        "fdb": ["bridge", "-j", "fdb"],
    }
    saved = {}
    for key, argv in commands.items():
        status, out, stderr = run_tool(argv)
        if status != 0:
            raise RuntimeError("%s: %s" % (" ".join(argv), stderr.strip()))
        saved[key] = out
    return saved


class Capture:
    """Packets that pass one device, in the order in which the kernel hands them over."""

    def __init__(self, namespaces, name, device):
        namespaces.enter(name)
        self.holder = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.holder.bind((device, ETH_P_ALL))
        self.holder.settimeout(0.05)
        self.packets = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.drain, daemon=True)
        self.thread.start()

    def drain(self):
        outgoing = 4
        while True:
            try:
                frame, address = self.holder.recvfrom(65536)
            except socket.timeout:
                if self.stopping.is_set():
                    return
                continue
            except OSError:
                return
            self.packets.append({"direction": "out" if address[2] == outgoing else "in", "hex": frame.hex()})

    def stop(self):
        self.stopping.set()
        self.thread.join(5)
        self.holder.close()
        return self.packets


def flush_state(namespaces, names):
    """Forgets connections, learnt path MTUs and `-m recent` lists."""
    ctnetlink, delete, request, acknowledge = 1, 2, 1, 4
    for name in names:
        namespaces.enter(name)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
            netlink.settimeout(5)
            header = struct.pack("=IHHII", 20, ctnetlink << 8 | delete, request | acknowledge, 1, 0)
            netlink.sendto(header + struct.pack("=BBH", socket.AF_UNSPEC, 0, 0), (0, 0))
            reply = netlink.recv(4096)
            code = struct.unpack("=i", reply[16:20])[0]
            if code != 0:
                raise OSError(-code, "flushing connections of %s: %s" % (name, os.strerror(-code)))
        for key in ("net/ipv4/route/flush", "net/ipv6/route/flush"):
            write_sysctl(key, "1")
        for path in glob.glob("/proc/thread-self/net/xt_recent/*"):
            try:
                with open(path, "w") as file:
                    file.write("/")
            except OSError as error:
                raise OSError(error.errno, "clearing %s of %s: %s" % (os.path.basename(path), name, os.strerror(error.errno)))


def side_table(family, protocol, ports):
    """Marks the first packets of a connection for tracing, bare or inside VXLAN, and leaves every other table alone."""
    if protocol == "tcp":
        marks = ["tcp flags & (syn | rst) != 0 meta nftrace set 1"]
    else:
        marks = ["meta l4proto %s meta nftrace set 1" % protocol]
    # Offsets from the outer UDP header: 8 UDP, 8 VXLAN, 14 Ethernet, then the inner IP header.
    for kind, header, field in ((0x0800, IPV4_HEADER, 9), (0x86DD, IPV6_HEADER, 6)):
        start = 8 + 8 + 14
        number = PROTOCOLS[protocol][1]
        inner = "udp dport { %s } @th,%d,16 0x%x @th,%d,8 %d" % (
            ", ".join(map(str, ports)), (start - 2) * 8, kind, (start + field) * 8, number)
        if protocol == "tcp":
            inner += " @th,%d,8 & 0x06 != 0" % ((start + header + 13) * 8)
        if ports:
            marks.append(inner + " meta nftrace set 1")
    chains = "".join(
        "  chain %s {\n    type filter hook %s priority -500;\n%s  }\n" % (name, hook, "".join("    %s\n" % mark for mark in marks))
        for name, hook in (("pre", "prerouting"), ("out", "output"))
    )
    return "table %s %s {\n%s}\n" % (family, SIDE_TABLE, chains)


class RuleEvents:
    """What nf_tables tells about traced packets, as JSON-ready records in order of arrival.

    Read from the kernel itself: xtables-monitor of iptables 1.8.9 dies of IPv6 rules with ports.
    """

    GROUP, MESSAGE = 9, 10 << 8 | 17
    KINDS = {1: "policy", 2: "return", 3: "rule"}
    VERDICTS = {0: "drop", 1: "accept", 3: "queue", -1: "continue", -2: "continue", -3: "jump", -4: "goto", -5: "return"}

    def __init__(self, namespaces, names):
        self.events = []
        self.failure = None
        self.poll = select.epoll()
        self.sockets = {}
        self.quiet_since = time.monotonic()
        self.stopping = threading.Event()
        self.namespaces = namespaces
        for name in names:
            namespaces.enter(name)
            holder = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
            self.sockets[holder.fileno()] = (holder, name)
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            holder.bind((0, 0))
            holder.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.GROUP)
            holder.setblocking(False)
            self.poll.register(holder, select.EPOLLIN)
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while True:
            found = self.poll.poll(0.05)
            for descriptor, _ in found:
                holder, name = self.sockets[descriptor]
                try:
                    self.read(name, holder.recv(65536))
                except OSError as error:
                    self.failure = self.failure or error
            now = time.monotonic()
            if found:
                self.quiet_since = now
            elif self.stopping.is_set() and now - self.quiet_since > TRACE_QUIET:
                return

    def read(self, name, data):
        while len(data) >= 20:
            length, message = struct.unpack("=IH", data[:6])
            if message == self.MESSAGE:
                self.events.append(self.event(name, data[16], attributes(data[20:length])))
            data = data[(length + 3) & ~3:]

    def event(self, name, family, fields):
        self.namespaces.enter(name)
        verdict = None
        if 5 in fields:
            verdict = self.VERDICTS.get(struct.unpack(">i", attributes(fields[5])[1])[0])
        elif 16 in fields:
            verdict = self.VERDICTS.get(struct.unpack(">i", fields[16])[0])
        return {
            "namespace": name,
            "family": 4 if family == socket.AF_INET else 6,
            "id": fields[6].hex(),
            "kind": self.KINDS.get(struct.unpack(">I", fields[4])[0]),
            "table": fields[1].rstrip(b"\0").decode(),
            "chain": fields[2].rstrip(b"\0").decode(),
            "handle": struct.unpack(">Q", fields[3])[0] if 3 in fields else None,
            "verdict": verdict,
            "in": device_name(fields.get(10)),
            "out": device_name(fields.get(12)),
            "network": fields.get(8, b"").hex(),
            "transport": fields.get(9, b"").hex(),
        }

    def stop(self):
        """Waits until nothing comes any more and gives the events."""
        self.quiet_since = time.monotonic()
        self.stopping.set()
        self.thread.join()
        self.close()
        if self.failure is not None:
            raise self.failure
        return self.events

    def close(self):
        self.stopping.set()
        self.thread.join()
        for holder, _ in self.sockets.values():
            holder.close()
        self.poll.close()


def attributes(data):
    """The attributes of a netlink message by type."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack("=HH", data[:4])
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def device_name(index):
    """Of the device with this index in the namespace of the calling thread; None for none."""
    if index is None or index == b"\0\0\0\0":
        return None
    try:
        return socket.if_indextoname(struct.unpack(">I", index)[0])
    except OSError:
        return None


def numbered_rules(seen):
    """[handle, text] of each rule of the chains that were seen, in their order, by `ip nat PREROUTING`."""
    status, out, stderr = run_tool(["nft", "-j", "list", "ruleset"])
    if status != 0:
        raise RuntimeError("nft list ruleset: " + stderr.strip())
    handles = {key: [] for key in seen}
    for item in json.loads(out)["nftables"]:
        rule = item.get("rule")
        if rule is not None:
            key = "%s %s %s" % (rule["family"], rule["table"], rule["chain"])
            if key in handles:
                handles[key].append(rule["handle"])
    texts = {key: [] for key in seen}
    for family, tool in (("ip", "iptables-nft-save"), ("ip6", "ip6tables-nft-save")):
        status, out, stderr = run_tool([tool])
        if status != 0:
            raise RuntimeError("%s: %s" % (tool, stderr.strip()))
        table = ""
        for line in out.split("\n"):
            if line.startswith("*"):
                table = line[1:]
            elif line.startswith("-A "):
                key = "%s %s %s" % (family, table, line.split(" ", 2)[1])
                if key in texts:
                    texts[key].append(line)
    for key in seen:
        if len(handles[key]) != len(texts[key]):
            raise RuntimeError("%s has %d rules for nft and %d for iptables" % (key, len(handles[key]), len(texts[key])))
    return {key: list(zip(handles[key], texts[key])) for key in seen}


def trace(namespaces, command):
    """Probes once and gives, for each namespace, what its rules did meanwhile."""
    names, probe = command["namespaces"], command["probe"]
    tables = "".join(side_table(family, probe["protocol"], command["vxlanPorts"]) for family in ("ip", "ip6"))
    events = RuleEvents(namespaces, names)
    try:
        for name in names:
            namespaces.enter(name)
            status, _, stderr = run_tool(["nft", "-f", "-"], tables)
            if status != 0:
                raise RuntimeError("the side table for tracing: " + stderr.strip())
        results = ProbeRun(namespaces, [probe], traced=True).run()
        collected = events.stop()
    finally:
        events.close()
        for name in names:
            namespaces.enter(name)
            for family in ("ip", "ip6"):
                run_tool(["nft", "delete", "table", family, SIDE_TABLE])
    collected = [event for event in collected if event["kind"] is not None]
    hosts = []
    for name in names:
        own = [event for event in collected if event["namespace"] == name]
        seen = {
            "%s %s %s" % ("ip" if event["family"] == 4 else "ip6", event["table"], event["chain"])
            for event in own
            if event["kind"] == "rule" and event["table"] != SIDE_TABLE
        }
        namespaces.enter(name)
        hosts.append({"namespace": name, "events": own, "rules": numbered_rules(seen) if seen else {}})
    return {"result": results[0], "hosts": hosts}


# Commands -----------------------------------------------------------------------------------------


class Input(threading.Thread):
    """Reads lines from standard input into a queue. Its end is the end of the laboratory, whatever is under way."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lines = queue.Queue()

    def run(self):
        parts = []
        while True:
            data = os.read(0, 1 << 20)
            if data == b"":
                os._exit(0)
            pieces = data.split(b"\n")
            for piece in pieces[:-1]:
                parts.append(piece)
                self.lines.put(b"".join(parts))
                parts = []
            parts.append(pieces[-1])


def say(message):
    data = (json.dumps(message, separators=(",", ":")) + "\n").encode()
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]


class Laboratory:
    def __init__(self, plan, namespaces):
        self.plan = plan
        self.namespaces = namespaces
        self.captures = {}

    def perform(self, command):
        act = command["act"]
        if act == "probe":
            return {"results": ProbeRun(self.namespaces, command["probes"]).run()}
        if act == "save":
            return {"saved": save(self.namespaces, command["namespace"], self.plan["variant"])}
        if act == "capture-start":
            self.captures[command["capture"]] = Capture(self.namespaces, command["namespace"], command["link"])
            return {}
        if act == "capture-stop":
            return {"packets": self.captures.pop(command["capture"]).stop()}
        if act == "trace":
            return trace(self.namespaces, command)
        if act == "flush":
            flush_state(self.namespaces, command["namespaces"])
            return {}
        if act == "down":
            return {}
        raise ValueError("no act " + act)


def raise_open_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    # The starter decides when the laboratory ends; an interrupt of its terminal is for the starter.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_open_files()
    mount_private_run()
    commands, answers = start_server()
    lines = Input()
    lines.start()
    plan = json.loads(lines.lines.get())
    namespaces = Namespaces()
    skipped = []
    problems = boot(plan, namespaces, skipped)
    if not problems:
        commands.write(json.dumps(plan["listeners"]) + "\n")
        commands.flush()
        reply = answers.readline()
        if reply:
            problems, unserved = json.loads(reply)
            skipped += unserved
        else:
            problems = [problem_of(None, None, "", None, "the listening process ended")]
    say({"problems": problems, "skipped": skipped, "pidNamespace": os.stat("/proc/self/ns/pid").st_ino})
    if problems:
        return
    laboratory = Laboratory(plan, namespaces)
    while True:
        command = json.loads(lines.lines.get())
        try:
            answer = laboratory.perform(command)
        except Exception as failed:
            answer = {"failed": str(failed) or repr(failed)}
        say(dict(answer, sequence=command["sequence"]))
        if command["act"] == "down":
            return


# What this machine can do -------------------------------------------------------------------------


def check():
    """Tries what a laboratory needs, for real, in a throwaway namespace. Says what is missing."""
    missing, tracing = [], []

    def attempt(found, argv, text=None):
        status, _, stderr = run_tool(argv, text)
        if status != 0:
            found.append("%s: %s" % (" ".join(argv), (stderr.strip() or "exit status %d" % status).split("\n")[0]))
        return status == 0

    try:
        mount_private_run()
    except OSError as error:
        say({"missing": [str(error)], "tracing": []})
        return
    if attempt(missing, ["ip", "netns", "add", "check"]):
        namespaces = Namespaces()
        namespaces.open(["check"])
        namespaces.enter("check")
        rules = "*filter\n:knet - [0:0]\n-A knet -m comment --comment \"check\" -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n"
        for tool in ("iptables", "ip6tables"):
            attempt(missing, [tool + "-legacy-restore", "--noflush"], rules)
            attempt(missing, [tool + "-legacy-save"])
        attempt(missing, ["ipset", "restore"], "create check hash:net family inet\nadd check 10.0.0.0/8\n")
        for device in ("type bridge", "type veth peer name check1", "type vxlan id 1 dstport 4789"):
            attempt(missing, ["ip", "link", "add", "name", "check0"] + device.split())
            run_tool(["ip", "link", "delete", "check0"])
        attempt(missing, ["bridge", "-j", "fdb"])
        if not os.path.isdir("/proc/sys/net/ipv6"):
            missing.append("the kernel has no IPv6")
        run_tool(["ip", "netns", "add", "check-nft"])
        namespaces.open(["check-nft"])
        namespaces.enter("check-nft")
        for tool in ("iptables", "ip6tables"):
            attempt(tracing, [tool + "-nft-restore", "--noflush"], rules)
            attempt(tracing, [tool + "-nft-save"])
        attempt(tracing, ["nft", "-f", "-"], side_table("ip", "tcp", [4789]))
        try:
            RuleEvents(namespaces, ["check-nft"]).close()
        except OSError as error:
            tracing.append("events of nf_tables: %s" % error)
    say({"missing": missing, "tracing": tracing})


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        main()
    # The first process of the pid namespace: its end is the end of all others.
    sys.stdout.flush()
    os._exit(0)
