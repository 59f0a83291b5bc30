"""Whether this machine can run a laboratory, and whether it can trace."""

import os

from conversation import say
from namespaces import Namespaces, mount_private_run
from rule_events import RuleEvents
from tools import run_tool
from tracing import side_table


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
