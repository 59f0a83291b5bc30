"""Loads the files of one host with the tools they are written for, and finds the line that a tool refuses."""

import re

from problems import LoadProblem, problem_of
from sysctls import load_sysctls
from tools import run_tool

# A rootless nft transaction must fit the default socket buffer of some 208 KiB.
NFT_LINES = 300
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
