"""Network namespaces by name, and a /run that belongs to the laboratory alone."""

import ctypes
import os
import threading

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


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
