"""What listeners, probes and traces share of protocols: their numbers, families and the length of their headers."""

import socket

# A protocol of netlink; Python's socket module has no name for it.
NETLINK_NETFILTER = 12
# Bytes, without options.
IPV4_HEADER, IPV6_HEADER, UDP_HEADER = 20, 40, 8
# Socket type and IP protocol number by the name that plans and commands use.
PROTOCOLS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, 132),
}


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET
