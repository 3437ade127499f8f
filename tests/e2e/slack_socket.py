"""Slack's end of Socket Mode: a WebSocket (RFC 6455) that the daemon opens, envelopes that it acknowledges.

    slack.over_socket = True              # what people do now comes this way
    slack.wait_for_link()
    slack.links[0].disconnect("warning")  # "I am going soon"; .cut() breaks it
"""
import base64
import contextlib
import hashlib
import json
import struct
import threading
import uuid

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
ACK_SECONDS = 3


class Link:
    """One connection. `acks` holds what came back, by envelope_id."""

    def __init__(self, slack, connection=None, rfile=None):
        self.slack, self.connection, self.rfile = slack, connection, rfile
        self.lock = threading.Lock()
        self.arrived = threading.Condition()
        self.acks = {}
        self.is_open = True
        self.is_going = False  # we said so
        self.n_pongs = 0

    @staticmethod
    def accept(key):
        return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()

    def shake_hands(self, headers):
        answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {self.accept(headers['Sec-WebSocket-Key'])}"]
        self.connection.sendall(("\r\n".join(answer) + "\r\n\r\n").encode())

    # --- frames ---

    def send_frame(self, opcode, data=b"", final=True):
        size = len(data)
        head = bytes([opcode | (0x80 if final else 0)])
        head += bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ", 127, size)
        with self.lock:
            self.connection.sendall(head + data)

    def send_text(self, text, pieces=1):
        """In one frame, or in so many: a peer must put them together."""
        data = text.encode()
        step = -(-len(data) // pieces)
        parts = [data[i:i + step] for i in range(0, len(data), step)]
        for i, part in enumerate(parts):
            self.send_frame(TEXT if i == 0 else CONTINUATION, part, i == len(parts) - 1)

    def read_frame(self):
        first, second = self.rfile.read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.rfile.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.rfile.read(8))
        if not second & 0x80:
            self.slack.complain("a frame of a client without a mask")
            return first & 15, bool(first & 0x80), self.rfile.read(size)
        mask = self.rfile.read(4)
        data = self.rfile.read(size)
        return first & 15, bool(first & 0x80), bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))

    # --- the life of it ---

    def serve(self):
        """Until it ends; the thread of the request."""
        text = b""
        try:
            self.say_hello()
            while True:
                opcode, final, data = self.read_frame()
                if opcode == PING:
                    self.send_frame(PONG, data)
                elif opcode == PONG:
                    self.n_pongs += 1
                elif opcode == CLOSE:
                    self.send_frame(CLOSE, data)
                    break
                elif opcode in (TEXT, CONTINUATION):
                    text += data
                    if final:
                        self.take(json.loads(text))
                        text = b""
        except (OSError, ValueError):
            pass  # broken off: what is not acknowledged shows it
        self.end()

    def say_hello(self):
        self.send_text(json.dumps({"type": "hello", "connection_info": {"app_id": self.slack.app_id}, "num_connections": 1,
                                   "debug_info": {"host": "applink", "approximate_connection_time": 3600}}))

    def take(self, answer):
        with self.arrived:
            if answer.get("envelope_id") in self.acks:
                self.slack.complain(f"acknowledged twice: {answer['envelope_id']}")
            self.acks[answer.get("envelope_id")] = answer.get("payload")
            self.arrived.notify_all()

    def end(self):
        with self.arrived:
            self.is_open = False
            self.arrived.notify_all()

    def deliver(self, kind, payload, pieces=1, envelope_id=None):
        """(acknowledged, payload of the acknowledgement). Waits as long as Slack does."""
        envelope_id = envelope_id or str(uuid.uuid4())
        envelope = {"envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope.update(retry_attempt=0, retry_reason="")
        try:
            self.send_text(json.dumps(envelope), pieces)
        except OSError:
            return False, None
        with self.arrived:
            self.arrived.wait_for(lambda: envelope_id in self.acks or not self.is_open, ACK_SECONDS)
            return envelope_id in self.acks, self.acks.get(envelope_id)

    def disconnect(self, reason):
        self.is_going = True
        self.send_text(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}}))

    def cut(self):
        """Without a word; also when the other end was quicker."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(2)
