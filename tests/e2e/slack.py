"""A scripted Slack on loopback: the Web API that Vedette posts to, and the people who click.

    slack = Slack()                                     # http://127.0.0.1:PORT/api
    slack.serve(vedette)                                # whom the people's requests go to
    card = slack.wait_for_card()
    click = slack.click(card, "approve", user="U1")     # signed, as Slack sends it
    slack.answers_to(click)                             # what that person saw afterwards
    slack.fail("chat.update", times=2, status=500)      # slack_faults.py
    slack.down(); slack.up()                            # connection refused, and there again on the same port
    slack.over_socket = True                            # people's requests by Socket Mode (slack_socket.py)
    slack.close()

The server refuses what Slack refuses (slack_workspace.py, slack_blocks.py); `slack.calls` holds every request.
"""
import hashlib
import hmac
import http.server
import json
import math
import socket
import threading
import time
import urllib.parse
import uuid

from harness import Answer, wait_until
from slack_blocks import elements_of
from slack_faults import Fault
from slack_socket import Link
from slack_workspace import APP, APP_TOKEN, BOT_TOKEN, BOT_USER, METHODS, SIGNING_SECRET, TEAM, Refused, Workspace

NESTED = ("blocks", "view", "metadata", "attachments")  # JSON in JSON where the request is a form
STATEFUL = ("static_select", "radio_buttons", "checkboxes", "plain_text_input", "number_input", "datetimepicker")
# A method's messages at once, and then one in so many seconds.
RATES = {"chat.postMessage": (4, 1.0), "chat.update": (50, 60 / 50), "conversations.history": (50, 60 / 50), "conversations.replies": (50, 60 / 50),
         "conversations.info": (50, 60 / 50), "chat.postEphemeral": (100, 60 / 100), "views.open": (100, 60 / 100)}
PER_CHANNEL = ("chat.postMessage",)


class Call:
    """One request as it came, and what it got: `status` None when the connection was closed without an answer."""

    def __init__(self, method, args, headers):
        self.method, self.args, self.headers, self.at = method, args, headers, time.monotonic()
        self.status = self.error = None

    def __repr__(self):
        return f"<{self.method} {self.args.get('channel')} {self.status} {self.error or ''}>"


class Told:
    """What a failing wait says: asked when it fails."""

    def __init__(self, tell):
        self.tell = tell

    def __str__(self):
        return self.tell()


class Bucket:
    def __init__(self, burst, seconds):
        self.burst, self.seconds, self.left, self.at = burst, seconds, burst, time.monotonic()

    def take(self):
        """0, or how many seconds to wait."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) / self.seconds)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0
        return (1 - self.left) * self.seconds


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self):
        self.server.slack.take(self, b"")

    def do_POST(self):
        self.server.slack.take(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.slack.clock_skew)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # who broke the connection has its own test


class Slack(Workspace):
    def __init__(self, limits=False):
        super().__init__()
        self.lock = threading.RLock()
        self.limits = limits
        self.calls = []
        self.faults = []
        self.buckets = {}
        self.not_before = {}  # (method, channel) -> until when a 429 said to wait
        self.n_too_fast = 0  # answered 429 by the real limits
        self.n_too_early = 0  # came before the end of a Retry-After
        self.n_trapped = 0  # followed a redirect
        self.clock_skew = 0
        self.bot_token, self.app_token, self.signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
        self.daemon = None
        self.app_id = APP
        self.over_socket = False
        self.links = []  # of Socket Mode, the newest last
        self.link_port = None  # of who takes them, where that is somebody else
        self.tickets = set()
        self.place = socket.socket()  # holds the port while nobody listens: somebody else would be given it
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.server = None
        self.up()

    # --- life ---

    def up(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.slack = self
        self.serving = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.serving.start()
        return self

    def down(self):
        """From now on connections are refused."""
        self.server.shutdown()
        self.server.server_close()
        self.serving.join()

    def close(self):
        self.heal()
        for link in self.open_links():
            link.cut()
        self.down()
        self.place.close()

    def serve(self, vedette):
        self.daemon = vedette
        return self

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}/api"

    # --- faults ---

    def fail(self, method, **how):
        """See slack_faults.py. The newest fault of a method comes first."""
        fault = Fault(method, **how)
        with self.lock:
            self.faults.insert(0, fault)
        return fault

    def heal(self, method=None):
        with self.lock:
            for fault in self.faults:
                if method in (None, fault.method):
                    fault.over.set()
            self.faults = [fault for fault in self.faults if not fault.over.is_set()]

    # --- the server ---

    def take(self, request, body):
        path, _, query = request.path.partition("?")
        if path == "/link":
            self.take_link(request, dict(urllib.parse.parse_qsl(query)))
        elif path == "/trap":
            self.n_trapped += 1
            self.send(request, 200, {}, b'{"ok":true,"ts":"1.000001","channel":"C1"}')
        elif path.startswith("/response/"):
            self.take_response(request, path, body)
        elif path.startswith("/api/") and path[5:] in METHODS:
            self.take_method(request, path[5:], query, body)
        else:
            self.send(request, 200, {}, b'{"ok":false,"error":"unknown_method"}')

    def take_link(self, request, parameters):
        """An address is good for one connection."""
        request.close_connection = True
        with self.lock:
            is_good = parameters.get("ticket") in self.tickets
            self.tickets.discard(parameters.get("ticket"))
        if not is_good or "Sec-WebSocket-Key" not in request.headers:
            return self.send(request, 408 if is_good else 404, {}, b"")
        link = Link(self, request.connection, request.rfile)
        link.shake_hands(request.headers)
        with self.lock:
            self.links.append(link)
        return link.serve()

    def apps_connections_open(self, args):
        ticket = uuid.uuid4().hex
        self.tickets.add(ticket)
        return {"url": f"ws://127.0.0.1:{self.link_port or self.port}/link?ticket={ticket}&app_id={APP}"}

    def open_links(self):
        with self.lock:
            return [link for link in self.links if link.is_open]

    def wait_for_link(self):
        """The newest; one that is going only where there is no other."""
        return wait_until(lambda: next(iter(sorted(reversed(self.open_links()), key=lambda link: link.is_going)), None), "a connection of Socket Mode")

    def take_method(self, request, method, query, body):
        call = Call(method, {}, dict(request.headers.items()))
        with self.lock:
            self.calls.append(call)
            refusal = self.read_args(request, call, query, body)
            fault = next((fault for fault in self.faults if fault.takes(method, call.args.get("channel"))), None)
            right = None
            if not fault or fault.does_it():
                right = self.limited(call) or self.do(call, refusal)
                if fault and fault.twice:
                    self.do(call, refusal)
            if fault and fault.retry_after is not None:
                self.hold(call, fault.retry_after)
        self.reply(request, call, fault, right)

    def reply(self, request, call, fault, right):
        if fault and fault.endless:
            return self.send_for_ever(request, fault)
        answer = fault.answer(right) if fault else right
        if answer is None:
            request.close_connection = True
            return request.connection.close()
        call.status, headers, body = answer
        call.error = self.error_in(body)
        scopes = {"x-oauth-scopes": ",".join(sorted(self.scopes)), "x-accepted-oauth-scopes": ",".join(METHODS[call.method][0])}
        return self.send(request, call.status, {**scopes, **headers}, body)

    @staticmethod
    def error_in(body):
        try:
            return json.loads(body).get("error")
        except (ValueError, AttributeError):
            return None

    @staticmethod
    def send(request, status, headers, body):
        try:
            request.send_response(status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body)), **headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            request.close_connection = True

    @staticmethod
    def send_for_ever(request, fault):
        request.close_connection = True
        piece = b'{"ok":true,"padding":"' + b"x" * 65536
        try:
            request.send_response(200)
            request.send_header("Content-Type", "application/json")
            request.end_headers()
            while not fault.over.is_set():
                request.wfile.write(piece)
                fault.n_bytes += len(piece)
                piece = b"x" * 65536
        except OSError:
            pass

    def read_args(self, request, call, query, body):
        """Fills call.args; returns a Refused instead of raising it, so that faults can be for a channel."""
        kind, _, parameters = (request.headers.get("Content-Type") or "").partition(";")
        takes_json = METHODS[call.method][1]
        if "token=" in query or b'"token"' in body:
            self.complain("the token stands in the request itself")
        args = dict(urllib.parse.parse_qsl(query))
        try:
            if kind == "application/json":
                given = json.loads(body or b"{}")
                if not isinstance(given, dict):
                    return Refused("json_not_object")
                if not takes_json:
                    return Refused("invalid_arguments", ["this method reads a form or the query, not JSON"])
                if takes_json and "charset" not in parameters:
                    self.complain(f"{call.method}: JSON without charset=utf-8")
                args.update(given)
            elif kind == "application/x-www-form-urlencoded":
                form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
                args.update({name: json.loads(value) if name in NESTED else value for name, value in form.items()})
            elif body:
                return Refused("invalid_post_type")
        except (ValueError, UnicodeDecodeError):
            return Refused("invalid_json" if kind == "application/json" else "invalid_form_data")
        call.args = args
        return None

    def do(self, call, refusal):
        """(status, headers, body)."""
        try:
            self.authorise(call)
            if refusal:
                raise refusal
            answer = {"ok": True, **getattr(self, call.method.replace(".", "_"))(call.args)}
        except Refused as refused:
            answer = refused.answer
        return 200, {}, json.dumps(answer).encode()

    def authorise(self, call):
        given = next((value for name, value in call.headers.items() if name.lower() == "authorization"), "")
        if not given.startswith("Bearer "):
            raise Refused("not_authed")
        if given[7:] != (self.app_token if call.method == "apps.connections.open" else self.bot_token):
            raise Refused("invalid_auth")
        wanted = METHODS[call.method][0]
        if call.method != "apps.connections.open" and wanted and not self.scopes.intersection(wanted):
            raise Refused("missing_scope", needed=",".join(wanted), provided=",".join(sorted(self.scopes)))

    def limited(self, call):
        """The 429 of Slack's own limits, or None."""
        key = call.method, call.args.get("channel") if call.method in PER_CHANNEL else None
        self.n_too_early += time.monotonic() < self.not_before.get(key, 0)
        if not self.limits or call.method not in RATES:
            return None
        wait = self.buckets.setdefault(key, Bucket(*RATES[call.method])).take()
        if not wait:
            return None
        self.n_too_fast += 1
        self.hold(call, math.ceil(wait))
        return 429, {"Retry-After": str(math.ceil(wait))}, b'{"ok":false,"error":"ratelimited"}'

    def hold(self, call, seconds):
        self.not_before[call.method, call.args.get("channel") if call.method in PER_CHANNEL else None] = time.monotonic() + seconds

    def take_response(self, request, path, body):
        call = Call("response_url", {}, dict(request.headers.items()))
        with self.lock:
            self.calls.append(call)
            if any(name.lower() == "authorization" for name in call.headers):
                self.complain("a token was sent to a response_url")
            try:
                call.args = json.loads(body)
            except ValueError:
                call.args = {}
            fault = next((fault for fault in self.faults if fault.takes("response_url", None)), None)
            right = None
            if not fault or fault.does_it():
                number = path.rsplit("/", 1)[1]
                status, text = self.respond(int(number) if number.isdigit() else 0, call.args)
                right = status, {"Content-Type": "text/plain"}, text.encode()
        answer = fault.answer(right) if fault else right
        if answer is None:
            request.close_connection = True
            return request.connection.close()
        call.status = answer[0]
        return self.send(request, *answer)

    # --- what is there ---

    def calls_of(self, method, **args):
        with self.lock:
            return [call for call in self.calls if call.method == method and all(call.args.get(name) == value for name, value in args.items())]

    def cards(self, channel=None, proposal=None):
        with self.lock:
            return [message for message in self.alive(channel) if message.is_card and proposal in (None, message.proposal)]

    def replies(self, card):
        """The thread below a card, oldest first."""
        with self.lock:
            return [message for message in self.alive(card["channel"]) if message.get("thread_ts") == card["ts"] and message["ts"] != card["ts"]]

    def thread(self, card):
        return "\n".join(reply.shown() for reply in self.replies(card))

    def wait_for_card(self, text="", **where):
        return wait_until(lambda: next((card for card in self.cards(**where) if text.lower() in card.shown().lower()), None), f"a card with {text!r}")

    def wait_until_shows(self, message, text):
        """Capitals are the layout's own."""
        return wait_until(lambda: text.lower() in message.shown().lower() and message, Told(lambda: f"the card shows {text!r}; it shows\n{message.shown()}"))

    def wait_for_reply(self, card, text=""):
        return wait_until(lambda: next((reply for reply in self.replies(card) if text.lower() in reply.shown().lower()), None), f"a reply with {text!r}")

    def duplicate(self, message):
        """The same card once more, as a repeat that arrived after all leaves it."""
        with self.lock:
            members = {name: value for name, value in message.snapshot().items() if name in ("text", "blocks", "metadata", "bot_id", "app_id")}
            return self.post(message["channel"], message["user"], **members)

    # --- requests from Slack ---

    def sign(self, body, timestamp, secret=None):
        mac = hmac.new((secret or self.signing_secret).encode(), b"v0:" + str(timestamp).encode() + b":" + body, hashlib.sha256)
        return "v0=" + mac.hexdigest()

    def signed(self, body, content_type, secret=None, age=0, headers=None):
        timestamp = str(int(time.time()) - age)
        return {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": self.sign(body, timestamp, secret),
                "User-Agent": "Slackbot 1.0", **(headers or {})}

    def send_form(self, path, fields, **how):
        if self.over_socket:
            is_click = path == "/slack/interactions"
            return Sent(self, path, None, None, envelope=("interactive" if is_click else "slash_commands", json.loads(fields["payload"]) if is_click else fields), **how)
        return Sent(self, path, urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded", **how)

    def send_json(self, path, value, **how):
        if self.over_socket:
            return Sent(self, path, None, None, envelope=("events_api", value), **how)
        return Sent(self, path, json.dumps(value).encode(), "application/json", **how)

    def replay(self, sent):
        """The very same bytes and headers again."""
        return self.daemon.request("public", "POST", sent.path, sent.body, sent.headers)

    def ssl_check(self, path="/slack/commands", **smuggled):
        return self.daemon.request("public", "POST", path, urllib.parse.urlencode({"ssl_check": "1", "token": "deprecated", **smuggled}),
                                   {"Content-Type": "application/x-www-form-urlencoded"})

    def url_verification(self, challenge="3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", **how):
        return self.send_json("/slack/events", {"token": "deprecated", "challenge": challenge, "type": "url_verification"}, **how)

    # --- people ---

    def person(self, user, team=TEAM):
        return {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team}

    def response_url(self, channel, user, message=None, cause=None):
        return f"http://127.0.0.1:{self.port}/response/{self.new_response(channel, user, message, cause)}"

    def click(self, message, action_id, user="U1", value=None, team=TEAM, change=None, **how):
        """Uses the element `action_id` of a message (or of a snapshot of it: what still stands on somebody's screen). `value` picks an option by its
        value. `change(payload)` may falsify it before it is signed."""
        found = message.elements().get(action_id)
        if not found:
            raise AssertionError(f"nothing to click: {action_id} is none of {sorted(message.elements())} of\n{message.shown()}")
        payload = self.block_actions(message, *found, user, value, team)
        cause = object()
        live = self.find(message["channel"], message["ts"])
        payload["trigger_id"] = self.new_trigger(user, cause)
        payload["response_url"] = self.response_url(message["channel"], user, live, cause)
        if change:
            change(payload)
        return self.send_form("/slack/interactions", {"payload": json.dumps(payload)}, cause=cause, user=user, message=message, **how)

    def block_actions(self, message, block, element, user, value, team):
        action = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"], "action_ts": f"{time.time():.6f}"}
        if "options" in element or "option_groups" in element:
            options = element.get("options") or [option for group in element["option_groups"] for option in group["options"]]
            action["selected_option"] = next((option for option in options if value in (None, option["value"])), None)
            if not action["selected_option"]:
                raise AssertionError(f"no option {value!r} in {[option['value'] for option in options]}")
        else:
            action.update({name: element[name] for name in ("text", "value", "style", "url") if name in element})
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        return {
            "type": "block_actions", "user": self.person(user, team), "api_app_id": APP, "token": "deprecated",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"], "is_ephemeral": False, **thread},
            "team": {"id": team, "domain": "acme"}, "enterprise": None, "is_enterprise_install": False,
            "channel": {"id": message["channel"], "name": self.conversations[message["channel"]]["name"]},
            "message": {name: part for name, part in message.items() if name not in ("channel", "metadata")},
            "state": {"values": self.state_of(message, action)}, "actions": [action],
        }

    @staticmethod
    def state_of(message, action):
        values = {}
        for block in message.get("blocks") or []:
            for element in elements_of(block):
                if element["type"] in STATEFUL:
                    is_used = action["action_id"] == element["action_id"] and action["block_id"] == block["block_id"]
                    values.setdefault(block["block_id"], {})[element["action_id"]] = {
                        "type": element["type"], "selected_option": action["selected_option"] if is_used else element.get("initial_option")}
        return values

    def view_of(self, user, title=None):
        """The modal that this person has open."""
        return next((view for view in reversed(self.views) if view.is_open and view.user == user and title in (None, view["title"]["text"])), None)

    def wait_for_view(self, user="U1", title=None):
        return wait_until(lambda: self.view_of(user, title), f"a modal for {user}")

    def submit(self, view, values=None, user=None, team=TEAM, change=None, **how):
        """Sends a modal: `values` by block_id, what is not named stays as it was shown. Slack itself insists on what is required."""
        values, state = dict(values or {}), {}
        for block in view["blocks"]:
            element = block.get("element")
            if block["type"] != "input":
                continue
            given = values.pop(block["block_id"], None)
            state[block["block_id"]] = {element["action_id"]: self.filled(block, element, given)}
        if values:
            raise AssertionError(f"no such inputs: {sorted(values)}")
        cause = object()
        payload = {
            "type": "view_submission", "team": {"id": team, "domain": "acme"}, "user": self.person(user or view.user, team), "api_app_id": APP,
            "token": "deprecated", "trigger_id": self.new_trigger(view.user, cause), "response_urls": [], "is_enterprise_install": False, "enterprise": None,
            "view": {**view, "state": {"values": state}, "previous_view_id": None, "root_view_id": view["id"], "app_installed_team_id": team},
        }
        if change:
            change(payload)
        sent = self.send_form("/slack/interactions", {"payload": json.dumps(payload)}, cause=cause, user=view.user, message=view, **how)
        self.after_submit(view, sent)
        return sent

    @staticmethod
    def filled(block, element, given):
        if element["type"] in ("static_select", "radio_buttons"):
            options = element.get("options") or [option for group in element["option_groups"] for option in group["options"]]
            chosen = next((option for option in options if option["value"] == given), element.get("initial_option") if given is None else None)
            if chosen is None and (given is not None or not block.get("optional")):
                raise AssertionError(f"no option {given!r} in {[option['value'] for option in options]}")
            return {"type": element["type"], "selected_option": chosen}
        value = element.get("initial_value") if given is None else given
        if not value and not block.get("optional"):
            raise AssertionError(f"{block['block_id']} is required")
        if value and len(value) > element.get("max_length", 3000):
            raise AssertionError(f"{block['block_id']} takes no more than {element.get('max_length', 3000)} characters")
        return {"type": element["type"], "value": value or None}

    def after_submit(self, view, sent):
        """What Slack does with the answer: an empty one closes the modal, errors stay in it."""
        if sent.status != 200:
            return
        answer = json.loads(sent.answer.body) if sent.answer.body.strip() else {}
        sent.errors = answer.get("errors", {}) if answer.get("response_action") == "errors" else {}
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if set(sent.errors) - inputs:
            self.complain(f"errors for inputs that the modal does not have: {sorted(set(sent.errors) - inputs)}")
        view.is_open = bool(sent.errors) or answer.get("response_action") in ("update", "push")

    def command(self, command="/vedette", text="", user="U1", channel="C1", team=TEAM, **how):
        cause = object()
        fields = {
            "token": "deprecated", "team_id": team, "team_domain": "acme", "channel_id": channel, "channel_name": self.conversations[channel]["name"],
            "user_id": user, "user_name": user.lower(), "command": command, "text": text, "api_app_id": APP, "is_enterprise_install": "false",
            "response_url": self.response_url(channel, user, None, cause), "trigger_id": self.new_trigger(user, cause),
        }
        return self.send_form("/slack/commands", fields, cause=cause, user=user, message=None, **how)

    def event(self, event, event_id=None, team=TEAM, retry=0, **how):
        body = {
            "token": "deprecated", "team_id": team, "api_app_id": APP, "event": event, "type": "event_callback",
            "event_id": event_id or f"Ev{uuid.uuid4().hex[:9].upper()}", "event_time": int(time.time()), "event_context": "4-context",
            "is_ext_shared_channel": False,
            "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}],
        }
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        return self.send_json("/slack/events", body, headers=headers, **how)

    def message(self, text, user="U1", channel="C1", thread_ts=None, kind="message", **how):
        """Somebody writes: the message is in the channel, and its event goes out."""
        with self.lock:
            said = self.post(channel, user, thread_ts=thread_ts, text=text, client_msg_id=str(uuid.uuid4()))
        return self.event(self.event_of(said, kind), user=user, message=said, **how)

    def mention(self, text, **how):
        return self.message(f"<@{BOT_USER}> {text}", kind="app_mention", **how)

    @staticmethod
    def event_of(said, kind="message"):
        event = {name: value for name, value in said.items() if name in ("user", "text", "ts", "team", "channel", "thread_ts", "client_msg_id", "blocks", "bot_id")}
        return {"type": kind, "event_ts": said["ts"], "channel_type": "channel", **event}

    def retry(self, sent, number=1):
        """Slack sends the same event again, freshly signed."""
        return Sent(self, sent.path, sent.body, "application/json", user=sent.user, message=sent.message,
                    headers={"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"})

    # --- what came of it ---

    def answers_to(self, sent):
        """All that became visible for whoever did this: the answer of the request itself, ephemerals for that person, modals, edits of that card and
        replies in its thread, in order."""
        with self.lock:
            later = [seen for seen in self.seen[sent.n_seen:] if self.concerns(seen, sent)]
        return ([sent.text] if sent.text else []) + [seen.text for seen in later]

    @staticmethod
    def concerns(seen, sent):
        if seen.cause is not None:
            return seen.cause is sent.cause
        if seen.kind in ("ephemeral", "view"):
            return seen.user == sent.user
        card = sent.message or {}
        return card.get("ts") is not None and card["ts"] in (seen.ts, seen.thread_ts)

    def wait_for_answer(self, sent, text=""):
        return wait_until(lambda: next((answer for answer in self.answers_to(sent) if text.lower() in answer.lower()), None),
                          Told(lambda: f"an answer with {text!r} to {sent!r}; there are {self.answers_to(sent)}"))

    def edits_of(self, message):
        with self.lock:
            return len(message.edits)


class Sent:
    """A request that Slack has sent, with its answer; status 0 where an envelope was not acknowledged in time."""

    def __init__(self, slack, path, body, content_type, user=None, message=None, cause=None, envelope=None, **how):
        self.path, self.body, self.user, self.message, self.cause = path, body, user, message, cause
        self.errors = {}
        self.headers = {}
        self.n_seen = len(slack.seen)
        began = time.monotonic()
        self.answer = self.deliver(slack, *envelope) if envelope else self.post(slack, content_type, **how)
        self.seconds = time.monotonic() - began

    def post(self, slack, content_type, secret=None, age=0, headers=None, unsigned=False):
        self.headers = {"Content-Type": content_type, **(headers or {})} if unsigned else slack.signed(self.body, content_type, secret, age, headers)
        return slack.daemon.request("public", "POST", self.path, self.body, self.headers)

    @staticmethod
    def deliver(slack, kind, payload):
        is_acknowledged, answer = slack.wait_for_link().deliver(kind, payload)
        return Answer(200 if is_acknowledged else 0, {}, json.dumps(answer).encode() if answer is not None else b"")

    @property
    def status(self):
        return self.answer.status

    @property
    def text(self):
        """What the answer itself shows."""
        try:
            answer = json.loads(self.answer.body)
        except ValueError:
            return ""
        return "\n".join(part for part in (answer.get("text"), *(answer.get("errors") or {}).values()) if part) if isinstance(answer, dict) else ""

    def __repr__(self):
        return f"<{self.path} {self.answer!r}>"
