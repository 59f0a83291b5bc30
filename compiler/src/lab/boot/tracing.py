"""Follows one probe through the rules of the hosts: marks its packets, collects the events, names the rules."""

import json

from probes import ProbeRun
from protocols import IPV4_HEADER, IPV6_HEADER, PROTOCOLS
from rule_events import RuleEvents
from tools import run_tool

SIDE_TABLE = "knet_trace"


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
