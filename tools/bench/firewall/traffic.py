"""Sends and answers in a namespace. `serve` until its standard input ends; the others print a figure.

It is in Python because one system call after another is what is to be counted, not an event loop.
"""

import socket
import struct
import sys
import threading
import time

PATIENCE = struct.pack("ll", 3, 0)
SO_RCVBUFFORCE = 33
CHUNK = bytes(1 << 17)


def serve(address, count, flow, closed):
    def listen(port):
        return socket.create_server((address, port), backlog=4096)

    def take(server):
        while True:
            server.accept()[0].close()

    def drink(server):
        while True:
            client = server.accept()[0]
            taken = 0
            while data := client.recv(1 << 20):
                taken += len(data)
            client.sendall(str(taken).encode())
            client.close()

    def tally(receiver):
        seen = 0
        while True:
            data, sender = receiver.recvfrom(64)
            if data == b"?":
                receiver.sendto(str(seen).encode(), sender)
                seen = 0
            else:
                seen += 1

    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    receiver.bind((address, count))
    for work, what in ((take, listen(count)), (drink, listen(flow)), (take, listen(closed)), (tally, receiver)):
        threading.Thread(target=work, args=(what,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def quickest(once, count, limit):
    """A second, of the quickest tenth: the others had to share the machine with more that is not ours."""
    begun = time.perf_counter()
    best = 0
    done = 0
    size = max(1, count // 10)
    while done < count and time.perf_counter() - begun < limit:
        started = time.perf_counter()
        for number in range(done, done + size):
            once(number)
        done += size
        best = max(best, size / (time.perf_counter() - started))
    return best, done


def connects(address, port, count, limit):
    """Connections one after another, each ended by a reset so that its port is free again."""

    def connect(_):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.connect((address, port))
        client.close()

    print(quickest(connect, count, limit)[0])


def datagrams(address, port, count, limit):
    """UDP flows: a datagram each, from a port of its own. All must arrive."""

    def send(number):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind(("", 10000 + number))
        client.sendto(b"x", (address, port))
        client.close()

    rate, done = quickest(send, count, limit)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(3)
    client.sendto(b"?", (address, port))
    arrived = int(client.recv(64))
    if arrived != done:
        sys.exit(f"of {done} datagrams {arrived} arrived")
    print(rate)


def stream(address, port, limit):
    """Bytes a second of one connection, until the other end has them all."""
    client = socket.create_connection((address, port), timeout=3)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, PATIENCE)
    begun = time.perf_counter()
    while time.perf_counter() - begun < limit:
        client.sendall(CHUNK)
    client.shutdown(socket.SHUT_WR)
    taken = int(client.recv(64))
    print(taken / (time.perf_counter() - begun))


def reaches(address, port):
    """1 where a connection is made within the time of one SYN, else 0."""
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.settimeout(0.3)
    print(1 if client.connect_ex((address, port)) == 0 else 0)


WORKS = {"serve": serve, "connects": connects, "datagrams": datagrams, "stream": stream, "reaches": reaches}
what, address, *rest = sys.argv[1:]
WORKS[what](address, *(float(word) if "." in word else int(word) for word in rest))
