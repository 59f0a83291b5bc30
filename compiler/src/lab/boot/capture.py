"""Packets that pass a device, as evidence."""

import socket
import threading

ETH_P_ALL = 0x0003


class Capture:
    """Packets that pass one device, in the order in which the kernel hands them over."""

    def __init__(self, namespaces, name, device):
        namespaces.enter(name)
        self.holder = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.holder.bind((device, ETH_P_ALL))
        self.holder.settimeout(0.05)
        self.packets = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.drain, daemon=True)
        self.thread.start()

    def drain(self):
        outgoing = 4
        while True:
            try:
                frame, address = self.holder.recvfrom(65536)
            except socket.timeout:
                if self.stopping.is_set():
                    return
                continue
            except OSError:
                return
            self.packets.append({"direction": "out" if address[2] == outgoing else "in", "hex": frame.hex()})

    def stop(self):
        self.stopping.set()
        self.thread.join(5)
        self.holder.close()
        return self.packets
