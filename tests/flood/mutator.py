"""Requests from nearly right to nonsense, from one source of chance: the same seed makes the same ones, but for the times that are signed."""
import json

TOKENS = [b"\x00", b"\r\n", b"\n", b"\r\n\r\n", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"%00", b"%", b"\\u0000", b"\\ud800", b"\\", b'"', b"{", b"}", b"[", b"],",
          b"null", b"-0", b"01", b"1e999", b"9" * 70, b":", b",", b"\xe2\x80\xae", b"payload=", b"&payload=%7B%7D", b"vedette.decision", b"A" * 300]
# Where a scalar or a branch stood.
RAW_JSON = ["null", "true", "[]", "{}", '""', "-1", "0", "1e999", "01", "9007199254740993", "9" * 64, '"\\u0000"', '"\\ud800"', '"\\u202e\\u0007"', "nullx", '{"a":1,"a":2}',
            "[" * 70 + "]" * 70, "[" + "0," * 3000 + "0]", '"' + "x" * 5000 + '"', '"vedette.signal"', '"failing"', '"2038-01-19T03:14:08Z"', '"0000-00-00T00:00:00Z"',
            '[{"a":[{"b":{}}]}]', '"<!channel> *b* `c` <http://x|y>"', '"refs/heads/main"', '"refs/tags/v1"']
METHODS = [b"GET", b"PUT", b"HEAD", b"OPTIONS", b"post", b"POST\t", b"TRACE", b"X" * 64, b""]
PATHS = [b"/hooks/../hooks/%s", b"/hooks//%s", b"/hooks/%s%%00", b"/hooks/%s/", b"/hooks/%%2f%s", b"http://x/hooks/%s", b"*", b"/", b"/hooks/%s?access_token=x&a=%%zz", b"/" + b"a" * 9000]
VERSIONS = [b"HTTP/1.0", b"HTTP/1.1 ", b"HTTP/2.0", b"HTTP/9.9", b"", b"http/1.1"]
LENGTHS = [b"-1", b"+5", b"0x10", b"99999999999999999999", b"18446744073709551615", b"1 ", b"", b"5,5", b"26214401"]
HEADERS = [(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"xchunked"), (b"Transfer-Encoding", b"gzip, chunked"), (b"Content-Length", b"5"), (b"Host", b"b"), (b"Expect", b"100-continue"),
           (b"Expect", b"x"), (b"Connection", b"upgrade, close"), (b"Upgrade", b"h2c"), (b"X-Forwarded-For", b"1.2.3.4"), (b"Content-Encoding", b"gzip"), (b"X-Long", b"y" * 40000),
           (b"Content-Length ", b"3"), (b" Folded", b"x"), (b"", b"x"), (b"X-\x00", b"\x01"), (b"ce-specversion", b"1.0"), (b"ce-id", b"%e2%82"), (b"Content-Type", b"text/plain"),
           (b"x-amz-sns-rawdelivery", b"true"), (b"Cookie", b"a=b"), (b"Range", b"bytes=0-")]
LARGE_MAX_BYTES = 24 << 20  # some senders take 25 MB, others refuse it
SIZES = [b"0", b"-1", b"ffffffffffffffff", b"1g", b"", b"5;x=y", b"0x5", b"7fffffff"]


class Request:
    """What goes over the wire, and whether a peer may expect an answer to it."""

    def __init__(self, hook, what, data):
        self.hook, self.what, self.data = hook, what, data


class Mutator:
    # What is not as it should be, and how often: before it is signed (json, body, large), afterwards, or in what carries it.
    SHAPES = {"valid": 80, "json": 300, "body": 140, "large": 2, "after": 80, "line": 60, "header": 100, "framing": 120, "anywhere": 120}

    def __init__(self, chance, hooks):
        self.chance, self.hooks, self.n_made = chance, hooks, 0
        self.bodies = [body for hook in hooks for _, body in hook.seeds]

    # --- bytes ---

    def place(self, data):
        return self.chance.randrange(len(data) + 1)

    def bytes(self, data, n_changes):
        for _ in range(n_changes):
            data = self.chance.choice((self.flip, self.insert, self.drop, self.repeat, self.splice, self.cut))(data)
        return data

    def flip(self, data):
        if not data:
            return data
        at = self.chance.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self.chance.randrange(8)]) + data[at + 1:]

    def insert(self, data):
        at = self.place(data)
        return data[:at] + self.chance.choice(TOKENS) + data[at:]

    def drop(self, data):
        at = self.place(data)
        return data[:at] + data[at + self.chance.randrange(1, 40):]

    def repeat(self, data):
        at, n = self.place(data), self.chance.randrange(1, 200)
        return data[:at] + data[at:at + n] * self.chance.choice((2, 2, 2, 30)) + data[at + n:]

    def splice(self, data):
        other, at = self.chance.choice(self.bodies), self.place(data)
        start = self.place(other)
        return data[:at] + other[start:start + self.chance.randrange(1, 200)] + data[at:]

    def cut(self, data):
        return data[:self.place(data)] if self.chance.random() < 0.2 else data

    # --- JSON ---

    def json(self, body, n_changes):
        """A body in which members have other values, are gone or come in twice; by bytes where it is no JSON."""
        try:
            tree = json.loads(body)
        except ValueError:
            return self.bytes(body, n_changes)
        raw = {}
        for _ in range(n_changes):
            tree = self.change_node(tree, raw)
        text = json.dumps(tree, ensure_ascii=self.chance.random() < 0.5)
        for mark, value in raw.items():
            text = text.replace(json.dumps(mark), value)
        return text.encode("utf-8", "surrogatepass")

    def change_node(self, node, raw):
        branches = node if isinstance(node, (dict, list)) else ()
        if branches and self.chance.random() < 0.85:
            key = self.chance.choice(sorted(node)) if isinstance(node, dict) else self.chance.randrange(len(node))
            if self.chance.random() < 0.1:
                del node[key]
            else:
                node[key] = self.change_node(node[key], raw)
            return node
        if isinstance(node, str) and self.chance.random() < 0.4:
            return node + f" {self.chance.randrange(1000)}"
        mark = f"@{len(raw)}@{self.chance.randrange(10**9)}@"
        raw[mark] = self.chance.choice(RAW_JSON)
        return mark

    # --- requests ---

    def request(self):
        hook, self.n_made = self.chance.choice(self.hooks), self.n_made + 1
        headers, body = self.chance.choice(hook.seeds)
        shape = self.chance.choices(list(self.SHAPES), self.SHAPES.values())[0]
        if shape == "json":
            body = self.json(body, self.chance.randrange(1, 5))
        if shape == "body":
            body = self.bytes(body, self.chance.randrange(1, 8))
        if shape == "large":
            body = b'{"pad":"' + b"x" * self.chance.randrange(LARGE_MAX_BYTES) + b'",' + body.lstrip()[1:]
        headers, body = self.sign(hook, headers, body)
        return Request(hook, shape, self.write(shape, hook, headers, body))

    def sign(self, hook, headers, body):
        delivery = f"{self.chance.getrandbits(64):016x}"
        body = hook.prepare(body) if hook.prepare else body
        named = dict(headers)
        named.setdefault("Content-Type", "application/json")
        if hook.id_header:
            named[hook.id_header] = delivery
        named.update(hook.proof(body, delivery))
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in named.items()], body

    def write(self, shape, hook, headers, body):
        method, path, version = b"POST", hook.path.encode(), b"HTTP/1.1"
        if shape == "after":
            body = self.bytes(body, self.chance.randrange(1, 4))
        if shape == "line":
            method, path, version = self.other_line(method, path, version)
        if shape == "header":
            headers = self.other_headers(headers)
        headers = [(b"Host", b"localhost"), *headers]
        framing, body = self.frame(body, self.chance.random() < 0.3, shape == "framing")
        head = b" ".join((method, path, version)) + b"\r\n" + b"".join(name + b": " + value + b"\r\n" for name, value in headers + framing) + b"\r\n"
        data = head + body
        return self.bytes(data, self.chance.randrange(1, 10)) if shape == "anywhere" else data

    def other_line(self, method, path, version):
        which = self.chance.randrange(4)
        if which == 0:
            method = self.chance.choice(METHODS)
        if which == 1:
            template = self.chance.choice(PATHS)
            path = template % path.rpartition(b"/")[2] if b"%" in template else template
        if which == 2:
            version = self.chance.choice(VERSIONS)
        if which == 3:
            path = self.bytes(path, 2)
        return method, path, version

    def other_headers(self, headers):
        headers = list(headers)
        for _ in range(self.chance.randrange(1, 4)):
            at = self.chance.randrange(len(headers))
            name, value = headers[at]
            which = self.chance.randrange(5)
            if which == 0:
                del headers[at]
            if which == 1:
                headers.append((name, value))
            if which == 2:
                headers[at] = (name, self.bytes(value, 2))
            if which == 3:
                headers[at] = (self.bytes(name, 1), value)
            if which == 4:
                headers.append(self.chance.choice(HEADERS))
            headers = headers or [(b"X", b"y")]
        return headers * 40 if self.chance.random() < 0.03 else headers

    def frame(self, body, chunked, wrong):
        """([header], bytes of the body)"""
        if not chunked:
            framing = [(b"Content-Length", str(len(body)).encode())]
            if wrong:
                framing = self.wrong_length(len(body))
            return framing, body
        pieces, rest = [], body
        while rest:
            n = self.chance.randrange(1, max(2, len(rest) + 1))
            size = self.chance.choice(SIZES) if wrong and self.chance.random() < 0.3 else b"%x" % n
            pieces.append(size + b"\r\n" + rest[:n] + (b"\n" if wrong and self.chance.random() < 0.1 else b"\r\n"))
            rest = rest[n:]
        if not wrong or self.chance.random() < 0.5:
            pieces.append(b"0\r\n" + (b"X-Trailer: y\r\n" if self.chance.random() < 0.2 else b"") + b"\r\n")
        return [(b"Transfer-Encoding", b"chunked")], b"".join(pieces)

    def wrong_length(self, n):
        length = (b"Content-Length", str(n).encode())
        return self.chance.choice((
            [(b"Content-Length", str(max(0, n + self.chance.choice((-7, -1, 1, 9)))).encode())],
            [(b"Content-Length", self.chance.choice(LENGTHS))],
            [length, length],
            [length, (b"Transfer-Encoding", b"chunked")],
            [],
        ))
