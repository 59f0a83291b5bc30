"""Forgets what the kernel learnt from packets, so that the next probes find hosts as they were booted."""

import glob
import os
import socket
import struct

from protocols import NETLINK_NETFILTER
from sysctls import write_sysctl


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
