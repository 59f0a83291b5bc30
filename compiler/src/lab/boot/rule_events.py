"""The events that nf_tables sends about packets marked for tracing."""

import select
import socket
import struct
import threading
import time

from protocols import NETLINK_NETFILTER

# Options of netlink; Python's socket module has no names for them.
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
TRACE_QUIET = 0.2


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
