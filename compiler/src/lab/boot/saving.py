"""What the kernel holds for a host, as evidence."""

from tools import run_tool


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
