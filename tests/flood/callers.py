"""Peers that misbehave: how a request travels, on a plain door and on one with TLS."""
import collections
import random
import socket
import ssl
import struct
import threading
import time

from mutator import Mutator

# What the server promises: a request is answered or its connection closed within ten seconds, an answer is read within ten more. The rest is ours.
PROMISE = 30
PATIENCE = 0.5  # of a caller with an answer: what takes longer is looked at when its time is over
KEPT_MAX = 40   # connections of a caller that wait for that
REMEMBERED = 30     # requests that are kept to be looked at when the daemon has ended
RECORDS = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32, b"\x16\x03\x01\xff\xff", b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\x40\x01" + b"A" * 200,
           b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", b"\x16\x03\x01\x00\x00" * 50, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]


def client_hello():
    """The first bytes of a handshake, to be bent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Caller(threading.Thread):
    """One after the other, until `over` is set. `unanswered` holds what was neither answered nor closed in time, `statuses` what was answered."""

    WAYS = {"whole": 44, "pieces": 14, "cut": 8, "reset": 6, "half_closed": 7, "pipelined": 8, "slow": 1, "deaf": 2, "left_open": 2, "inside_tls": 4, "bent_tls": 4}

    def __init__(self, number, seed, hooks, plain, secure, over):
        super().__init__(name=f"caller {number}", daemon=True)
        self.number, self.chance = number, random.Random(f"{seed}/{number}")
        self.mutator = Mutator(self.chance, hooks)
        self.plain, self.secure, self.over = plain, secure, over
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.statuses, self.ways = collections.Counter(), collections.Counter()
        self.kept, self.unanswered = [], []
        self.last = collections.deque(maxlen=REMEMBERED)
        self.broken = None  # what ended this thread, which is a fault of ours

    def run(self):
        try:
            while not self.over.is_set():
                self.call()
        except Exception as error:
            self.broken = error
        for connection, _ in self.kept:
            connection.close()

    def call(self):
        way = self.chance.choices(list(self.WAYS), self.WAYS.values())[0]
        request = self.mutator.request()
        self.ways[way] += 1
        self.last.append((way, request.what, request.data))
        self.look_at_the_oldest_kept()
        try:
            with socket.create_connection(self.secure if way.endswith("tls") else self.plain, PROMISE) as connection:
                getattr(self, way)(connection, request)
        except TimeoutError:
            self.unanswered.append((way, request.what, request.data))
        except OSError:
            self.statuses["closed"] += 1  # that is an answer too

    # --- ways ---

    def whole(self, connection, request):
        connection.sendall(request.data)
        self.hear(connection)

    def pieces(self, connection, request):
        rest = request.data
        while rest:
            n = self.chance.randrange(1, 2 + len(rest) // 2)
            connection.sendall(rest[:n])
            rest = rest[n:]
            self.over.wait(self.chance.choice((0, 0, 0.001, 0.01)))
        self.hear(connection)

    def cut(self, connection, request):
        connection.sendall(request.data[:self.chance.randrange(len(request.data) + 1)])

    def reset(self, connection, request):
        self.cut(connection, request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_closed(self, connection, request):
        connection.sendall(request.data[:self.chance.choice((len(request.data), self.chance.randrange(len(request.data) + 1)))])
        connection.shutdown(socket.SHUT_WR)
        self.hear(connection)

    def pipelined(self, connection, request):
        connection.sendall(request.data + b"".join(self.mutator.request().data for _ in range(self.chance.randrange(1, 6))))
        self.hear(connection)

    def slow(self, connection, request):
        for byte in request.data[:30]:
            connection.sendall(bytes([byte]))
            self.over.wait(0.1)
        connection.sendall(request.data[30:])
        self.hear(connection)

    def deaf(self, connection, request):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.sendall(request.data * 3)

    def left_open(self, connection, request):
        """Begins and says no more; whether the server has closed it is looked at when its time is over."""
        connection.sendall(request.data[:self.chance.randrange(len(request.data) + 1)])
        self.keep(connection)

    def inside_tls(self, connection, request):
        with self.context.wrap_socket(connection) as secure:
            secure.sendall(request.data)
            self.hear(secure)

    def bent_tls(self, connection, request):
        hello = client_hello() + self.chance.choice(RECORDS)
        connection.sendall(self.chance.choice((request.data, self.chance.choice(RECORDS), self.mutator.bytes(hello, 3), hello[:self.chance.randrange(len(hello))])))
        if self.chance.random() < 0.7:
            connection.shutdown(socket.SHUT_WR)
            self.hear(connection)

    # --- answers ---

    def keep(self, connection):
        if len(self.kept) < KEPT_MAX and not isinstance(connection, ssl.SSLSocket):
            self.kept.append((connection.dup(), time.monotonic()))

    def look_at_the_oldest_kept(self):
        """Once its time is over there is an answer to be read, or the end."""
        if not self.kept or time.monotonic() - self.kept[0][1] < PROMISE:
            return
        connection, _ = self.kept.pop(0)
        with connection:
            connection.settimeout(1)
            try:
                connection.recv(1)
            except TimeoutError:
                self.unanswered.append(("kept", "", b""))
            except OSError:
                pass  # reset: closed as well

    def hear(self, connection):
        """Counts the status of each answer until the peer closes, or has answered and waits for more."""
        said, piece = b"", b"?"
        connection.settimeout(PATIENCE)
        try:
            while piece and not (b"\r\n\r\n" in said and b"connection: close" not in said.lower()):
                piece = connection.recv(65536)
                said += piece
        except TimeoutError:
            self.keep(connection)
        found = [line.split(b" ", 2)[1].decode("latin-1") for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        self.statuses.update(found or ["later" if piece else "closed"])
