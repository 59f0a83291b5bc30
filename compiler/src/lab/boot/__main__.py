"""The inside of the laboratory: boots a plan of network namespaces, answers and sends real packets in them.

Runs as the first process of

    unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc --propagation private

and speaks JSON lines: the plan and then commands come in on standard input, one answer for each goes out on standard
output. The end of standard input ends the process at once, and with the first process of a pid namespace the kernel
ends all others and frees every namespace: whoever started the laboratory may die in any way and leaves nothing behind.

Python, because a socket belongs to the network namespace in which its thread created it: one thread that calls
setns(2) can serve and probe every host from one process. Node.js has no setns and would need a process for each host.
Only the standard library is used. Needs Python 3.8.

The folder is run as a whole: `python3 -I -S -B boot`. That puts it first among the places of modules, so none here may
bear the name of a module of the standard library; -B keeps compiled files out of it.
"""

import json
import os
import resource
import signal
import sys

from booting import boot
from check import check
from conversation import Input, say
from laboratory import Laboratory
from listeners import start_server
from namespaces import Namespaces, mount_private_run
from problems import problem_of


def main():
    # The starter decides when the laboratory ends; an interrupt of its terminal is for the starter.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_open_files()
    mount_private_run()
    commands, answers = start_server()
    lines = Input()
    lines.start()
    plan = json.loads(lines.lines.get())
    namespaces = Namespaces()
    skipped = []
    problems = boot(plan, namespaces, skipped)
    if not problems:
        commands.write(json.dumps(plan["listeners"]) + "\n")
        commands.flush()
        reply = answers.readline()
        if reply:
            problems, unserved = json.loads(reply)
            skipped += unserved
        else:
            problems = [problem_of(None, None, "", None, "the listening process ended")]
    say({"problems": problems, "skipped": skipped, "pidNamespace": os.stat("/proc/self/ns/pid").st_ino})
    if problems:
        return
    laboratory = Laboratory(plan, namespaces)
    while True:
        command = json.loads(lines.lines.get())
        try:
            answer = laboratory.perform(command)
        except Exception as failed:
            answer = {"failed": str(failed) or repr(failed)}
        say(dict(answer, sequence=command["sequence"]))
        if command["act"] == "down":
            return


def raise_open_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        main()
    # The first process of the pid namespace: its end is the end of all others.
    sys.stdout.flush()
    os._exit(0)
