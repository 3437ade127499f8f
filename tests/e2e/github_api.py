"""A scripted GitHub on loopback: it delivers to a hook, keeps each attempt, lists them in pages, and sends one again when it is asked.

Facts: docs.github.com, REST, "Webhook deliveries" (list, redeliver), "Using pagination", "Rate limits". It refuses what GitHub refuses: no token, another
hook, a request without the headers that it needs (`complaints`)."""
import contextlib
import http.server
import json
import threading
import time
import urllib.parse
import uuid

TOKEN = "ghs_a_token_of_the_tests"
PATH = "/repos/acme/shop/hooks/12345678/deliveries"


class Attempt:
    def __init__(self, number, guid, event, payload, ago, status, redelivery):
        self.number, self.guid, self.event, self.payload = number, guid, event, payload
        self.at, self.status, self.redelivery = time.time() - ago, status, redelivery

    def json(self):
        return {"id": self.number, "guid": self.guid, "delivered_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at)),
                "redelivery": self.redelivery, "duration": 0.1, "status": "OK" if self.status // 100 == 2 else "failed", "status_code": self.status,
                "event": self.event, "action": "completed", "installation_id": None, "repository_id": 99, "throttled_at": None}


class GitHub:
    def __init__(self, path=PATH, page_size=100):
        self.path, self.page_size = path, page_size
        self.attempts = []  # the newest first, as GitHub lists them
        self.lock = threading.Lock()
        self.lists = []  # queries
        self.asked = []  # (time, number)
        self.complaints = []
        self.token = TOKEN
        self.answer = None  # (status, headers): instead of what was asked for
        self.answer_to_post = None
        self.endless = False
        self.deliver = None  # send_github of a daemon; None: it is asked and sends nothing
        self.holding = threading.Event()  # while it is set, lists are not answered
        self.released = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.get(self)

            def do_POST(self):
                server.post(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- what happened ---

    def attempt(self, payload, event="workflow_run", ago=120, status=0, guid=None, redelivery=False):
        """One that is over; returns its guid."""
        with self.lock:
            made = Attempt(7_000_000_000 + len(self.attempts), guid or str(uuid.uuid4()), event, payload, ago, status, redelivery)
            self.attempts.insert(0, made)
            return made.guid

    def numbers_asked(self):
        return [number for _, number in self.asked]

    # --- what it answers ---

    def say(self, request, status, body=None, headers=()):
        data = json.dumps(body if body is not None else {}).encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked has gone
            request.send_response(status)
            for name, value in headers:
                request.send_header(name, value)
            request.send_header("Content-Type", "application/json; charset=utf-8")
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)

    def refuses(self, request, answer):
        headers = request.headers
        if not (headers.get("User-Agent") and headers.get("Accept") == "application/vnd.github+json" and headers.get("X-GitHub-Api-Version")):
            self.complaints.append(dict(headers))
        if headers.get("Authorization") != f"Bearer {self.token}":
            self.say(request, 401, {"message": "Bad credentials"})
        elif not request.path.startswith(self.path):
            self.say(request, 404, {"message": "Not Found"})
        elif answer:
            self.say(request, answer[0], {"message": "as the test says"}, answer[1])
        else:
            return False
        return True

    def get(self, request):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        self.lists.append(query)
        if self.holding.is_set():
            self.released.wait()
        if self.refuses(request, self.answer):
            return
        if query.get("per_page") != "100":
            self.complaints.append(query)
        with self.lock:
            listed = list(self.attempts)
        first = int(query.get("cursor", "v1_0").removeprefix("v1_"))
        page = listed[first:first + self.page_size]
        links = []
        if first:
            links.append(f'<{self.url}{self.path}?per_page=100&cursor=v1_0>; rel="prev"')
        if first + self.page_size < len(listed) or self.endless:
            # An address elsewhere, to which no token may go.
            links.append(f'<http://127.0.0.1:9/?per_page=100&cursor=v1_{0 if self.endless else first + self.page_size}>; rel="next"')
        self.say(request, 200, [attempt.json() for attempt in page], [("Link", ", ".join(links))] if links else [])

    def post(self, request):
        if self.refuses(request, self.answer_to_post):
            return
        number = int(request.path.removeprefix(self.path + "/").removesuffix("/attempts"))
        with self.lock:
            found = next((attempt for attempt in self.attempts if attempt.number == number), None)
        if not found:
            self.say(request, 404, {"message": "Not Found"})
            return
        self.asked.append((time.monotonic(), number))
        self.say(request, 202)
        if self.deliver:
            status = 0
            with contextlib.suppress(OSError):
                status = self.deliver(found.event, found.payload, found.guid).status
            self.attempt(found.payload, found.event, 0, status, found.guid, redelivery=True)
