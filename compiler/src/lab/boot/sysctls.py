"""Kernel parameters of the namespace that the calling thread is in."""

import os
import re

# Parameters of the whole machine that the kernel shows read-only, or not at all, to a namespace.
MACHINE_WIDE = re.compile(r"^net[/.](core[/.]|netfilter[/.]nf_conntrack_(max|buckets|expect_max)$|nf_conntrack_max$|ipv[46][/.]neigh[/.]default[/.])")


def sysctl_path(key):
    """The file of a parameter below net/, the only ones that belong to a network namespace."""
    path = key if "/" in key else key.replace(".", "/")
    if not path.startswith("net/") or ".." in path.split("/"):
        return None
    return "/proc/sys/" + path


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
