"""The process that listens for all hosts and answers each that asks with its name and the source that it sees."""

import errno
import json
import os
import select
import socket
import struct

from namespaces import Namespaces
from problems import problem_of
from protocols import PROTOCOLS, family_of

# Options of Linux; Python's socket module names not all of them.
IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO = 8, 49, 50


def start_server():
    """Forked before any thread exists. Gives the two ends that the first process keeps."""
    commands_in, commands_out = os.pipe()
    answers_in, answers_out = os.pipe()
    if os.fork() == 0:
        os.close(commands_out)
        os.close(answers_in)
        os.close(0)
        try:
            serve(os.fdopen(commands_in), os.fdopen(answers_out, "w"))
        except BaseException as failed:
            os.write(2, ("the listening process failed: %r\n" % failed).encode())
        finally:
            os._exit(1)
    os.close(commands_in)
    os.close(answers_out)
    return os.fdopen(commands_out, "w"), os.fdopen(answers_in)


def serve(commands, answers):
    """The process that listens for all hosts. Reads one line with the listeners, answers one with problems and skipped."""
    listeners = json.loads(commands.readline() or "[]")
    namespaces = Namespaces()
    namespaces.open(sorted({listener["namespace"] for listener in listeners}))
    poll = select.epoll()
    sockets, problems, skipped = {}, [], []
    for listener in listeners:
        namespaces.enter(listener["namespace"])
        for address in ["0.0.0.0", "::"] if listener["address"] is None else [listener["address"]]:
            try:
                holder = listening_socket(listener, address)
            except OSError as error:
                what = "%s listening on %s %s port %d" % (listener["host"], listener["protocol"], address, listener["port"])
                if error.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
                    skipped.append({"what": what, "reason": os.strerror(error.errno)})
                else:
                    problems.append(problem_of(listener["namespace"], None, "", None, "%s: %s" % (what, os.strerror(error.errno))))
                continue
            sockets[holder.fileno()] = (holder, listener["host"], serve_datagram if listener["protocol"] == "udp" else serve_stream)
            poll.register(holder, select.EPOLLIN)
    answers.write(json.dumps([problems, skipped]) + "\n")
    answers.flush()
    while True:
        for descriptor, _ in poll.poll():
            holder, name, act = sockets[descriptor]
            act(holder, name)


def listening_socket(listener, address):
    family = family_of(address)
    kind, number = PROTOCOLS[listener["protocol"]]
    holder = socket.socket(family, kind, number)
    try:
        if listener["protocol"] != "udp":
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if listener["protocol"] == "udp":
            # The answer must leave from the address that was asked, also on a host with several.
            if family == socket.AF_INET6:
                holder.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
            else:
                holder.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        holder.setblocking(False)
        holder.bind((address, listener["port"]))
        if listener["protocol"] != "udp":
            holder.listen(1024)
    except OSError:
        holder.close()
        raise
    return holder


def serve_datagram(holder, name):
    while True:
        try:
            _, ancillary, _, peer = holder.recvmsg(65536, 256)
        except BlockingIOError:
            return
        except OSError:
            # A pending ICMP error about an answer; reading it clears it.
            continue
        back = []
        for level, kind, data in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                back.append((level, kind, struct.pack("=i4s4s", 0, data[4:8], b"\0\0\0\0")))
            elif (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
                back.append((level, kind, data[:16] + struct.pack("=i", 0)))
        try:
            holder.sendmsg([answer_to(name, peer)], back, 0, peer)
        except OSError:
            # No way back, or a rule that forbids it: the one who asks sees the silence.
            continue


def serve_stream(holder, name):
    while True:
        try:
            connection, peer = holder.accept()
        except BlockingIOError:
            return
        except OSError:
            continue
        try:
            connection.send(answer_to(name, peer))
        except OSError:
            pass
        connection.close()


def answer_to(name, peer):
    return ("%s %s %d\n" % (name, peer[0].split("%")[0], peer[1])).encode()
