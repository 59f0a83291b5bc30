"""The booted laboratory: one act for each command."""

from capture import Capture
from flushing import flush_state
from probes import ProbeRun
from saving import save
from tracing import trace


class Laboratory:
    def __init__(self, plan, namespaces):
        self.plan = plan
        self.namespaces = namespaces
        self.captures = {}

    def perform(self, command):
        act = command["act"]
        if act == "probe":
            return {"results": ProbeRun(self.namespaces, command["probes"]).run()}
        if act == "save":
            return {"saved": save(self.namespaces, command["namespace"], self.plan["variant"])}
        if act == "capture-start":
            self.captures[command["capture"]] = Capture(self.namespaces, command["namespace"], command["link"])
            return {}
        if act == "capture-stop":
            return {"packets": self.captures.pop(command["capture"]).stop()}
        if act == "trace":
            return trace(self.namespaces, command)
        if act == "flush":
            flush_state(self.namespaces, command["namespaces"])
            return {}
        if act == "down":
            return {}
        raise ValueError("no act " + act)
