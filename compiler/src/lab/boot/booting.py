"""Makes the namespaces of a plan, wires them, fills them and waits until every wire has a carrier."""

import fcntl
import os
import queue
import socket
import struct
import threading
import time

from loading import batches, load_batch, load_batches, load_file
from problems import LoadProblem, problem_of
from sysctls import write_sysctl

SIOCGIFFLAGS, IFF_UP, IFF_RUNNING = 0x8913, 0x1, 0x40
SETTLE_TIMEOUT = 3.0


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
