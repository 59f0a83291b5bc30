"""Sends probes: real connections and datagrams of the hosts, each with the verdict that its socket gives."""

import errno
import heapq
import select
import socket
import struct
import time

from protocols import IPV4_HEADER, IPV6_HEADER, PROTOCOLS, UDP_HEADER, family_of

# Options of Linux; Python's socket module has no names for them.
IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_RECVERR = 10, 2, 11
IPV6_MTU_DISCOVER, IPV6_RECVERR = 23, 25
TCP_IN_FLIGHT = 1000
UDP_IN_FLIGHT = 200
# How long the path may take to answer that a packet is too big before it is sent again.
RESEND_AFTER = 0.1
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
            # Not a verdict of the network: the probe itself cannot be made, nor any other of a protocol that the kernel lacks.
            lacking = error.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT)
            self.report(probe, "skipped" if lacking else "impossible", errno.errorcode.get(error.errno, str(error.errno)))
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
