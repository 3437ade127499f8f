"""Signatures, tokens and handshakes as their senders publish them, over HTTP to the running program: what holds is taken, and whatever is off by a character or a
second is refused.

usage: vectors.py VEDETTE VECTORS     ends with `N passed, N failed`

One daemon with a door for each secret of each sender. Its clock stands still where a vector says that it is read (libfaketime).
"""
import base64
import collections
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
TOKEN = "a token of the vectors"
GITHUB_SECRET = "a secret of the vectors"
# Where a vector names no time: within the validity of the certificates of SNS.
NOW = 1796000000
# Of the vectors -> ours.
SENDERS = {"aws-sns": "cloudwatch", "new-relic": "newrelic", "stripe": "generic"}
# Scheme of the vectors -> the member that configures it, where it is not `secret`.
MEMBERS = {"stripe": "stripe_secret", "ed25519": "public_key", "rsa-sha1-pkcs1v15": "public_key", "rsa-sha1-pkcs1v15-x509": "certificate",
           "rsa-sha256-pkcs1v15-x509": "certificate", "shared-token": "token"}
SKIPPED = {
    "slack": "Slack's doors are tested with Bolt",
    "discord": "no sender of ours",
    "telegram": "no sender of ours",
}
EVENT_HEADERS = {"gitlab": {"X-Gitlab-Event": "Pipeline Hook"}, "buildkite": {"X-Buildkite-Event": "build.finished"}}
GRAFANA_TIMED = {"header": "X-Grafana-Alerting-Signature", "over": "{time}:{body}", "time_header": "X-Timestamp"}

Request = collections.namedtuple("Request", "name hook now headers body accepted method path", defaults=("POST", ""))


class Doors:
    """The watchers that the vectors need: one for each sender, scheme and secret."""

    def __init__(self, directory):
        self.directory, self.names, self.lines = directory, {}, []

    def name(self, sender, member, secret, signature=None):
        key = (sender, member, secret, bool(signature))
        if key not in self.names:
            self.names[key] = name = f"{sender}-{len(self.names)}"
            (self.directory / f"{name}.secret").write_text(secret)
            (self.directory / f"{name}.secret").chmod(0o600)
            more = {"topics": [TOPIC]} if sender == "cloudwatch" else {"map": {"kind": "alert"}} if sender == "generic" else {}
            more |= {"handshake": {"origins": ["eventemitter.example.com"]}} if sender == "cloudevents" else {}
            more |= {"signature": signature} if signature else {}
            self.lines.append("  - " + json.dumps({"webhook": sender, "name": name, f"{member}_file": f"{name}.secret", **more}))
        return self.names[key]


# --- requests out of vectors ---

def secret_of(vector):
    return next(vector[name] for name in ("secret", "public_key", "public_key_pem", "certificate_pem") if name in vector)


def is_timed_grafana(vector):
    """Its time is signed where its user names a header for it, which shows in what was signed."""
    body, secret = base64.b64decode(vector["body_base64"]), vector["secret"].encode()
    return vector["correct_signature_header_value"] != hmac.new(secret, body, hashlib.sha256).hexdigest()


def signed(doors, vector):
    sender = SENDERS.get(vector["sender"], vector["sender"])
    timed = sender == "grafana" and is_timed_grafana(vector)
    hook = doors.name(sender, MEMBERS.get(vector["scheme"], "secret"), secret_of(vector), GRAFANA_TIMED if timed else None)
    now = NOW if vector.get("now") is None else vector["now"]
    yield Request(vector["id"], hook, now, vector["headers"], base64.b64decode(vector["body_base64"]), vector["expect"] == "accept")


def tokens(doors, vector):
    is_basic = vector["id"].startswith("authorization.basic")
    for name in vector["sender"].split(", "):
        sender = SENDERS.get(name, name)
        hook = doors.name(sender, "basic" if is_basic else "token", vector["secret"])
        headers = {"Content-Type": "application/json", **EVENT_HEADERS.get(sender, {}), **vector["headers"]}
        body = {"specversion": "1.0", "id": vector["id"], "source": "/vectors", "type": "t"} if sender == "cloudevents" else {}
        headers |= {"Content-Type": "application/cloudevents+json"} if body else {}
        yield Request(f"{vector['id']} {sender}", hook, NOW, headers, json.dumps(body).encode(), vector["expect"] == "accept")


def all_signed(vectors, doors, skipped):
    for vector in vectors["hmac"] + vectors["asymmetric"] + vectors["token"]:
        if vector["sender"] in SKIPPED:
            skipped[SKIPPED[vector["sender"]]] += 1
        elif vector["scheme"] == "shared-token":
            yield from tokens(doors, vector)
        else:
            yield from signed(doors, vector)


# --- judging answers ---

def reads_as_json(request):
    """What no door could make anything of: its sender proved itself, and hears 400."""
    text = request.body
    if "form" in request.headers.get("Content-Type", ""):
        text = urllib.parse.parse_qs(text.decode("latin-1")).get("payload", [""])[0]
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False


def wanted(request):
    if not request.accepted:
        return (401,)
    return (200, 202) if reads_as_json(request) else (400,)


class Run:
    def __init__(self, vedette):
        self.vedette, self.n_passed, self.n_failed = vedette, 0, 0

    def set_clock(self, now):
        """Frozen: a vector on the edge of its tolerance stays there."""
        text = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        fresh = self.vedette.directory / "clock.new"
        fresh.write_text(text)
        fresh.rename(self.vedette.directory / "clock")

    def judge(self, name, got, expected):
        if got == expected or (isinstance(expected, tuple) and got in expected):
            self.n_passed += 1
            return
        self.n_failed += 1
        print(f"{name}: {got!r}, not {expected!r}")

    def send(self, request):
        # As Latin-1, http.client would refuse what is not in it.
        headers = {name: value.encode() for name, value in request.headers.items()}
        return self.vedette.request("public", request.method, f"/hooks/{request.hook}{request.path}", request.body, headers)

    def check(self, request):
        self.set_clock(request.now)
        self.judge(request.name, self.send(request).status, wanted(request))

    def data_of(self, answer):
        """The payload that came of a delivery."""
        self.vedette.wait_until_folded()
        stored = answer.json()["id"]
        return self.vedette.api(f"/api/v1/events/{stored}", token=TOKEN).json()["data"]


# --- handshakes and parsing ---

def handshakes(run, doors_by_name, vectors, skipped):
    for vector in vectors["handshake"]:
        sender, asked, answered = vector["id"].split(".")[0], vector["request"], vector["response"]
        if sender in SKIPPED:
            skipped[SKIPPED[sender]] += 1
        elif vector["id"] == "cloudevents.options":
            answer = run.vedette.request("public", "OPTIONS", f"/hooks/{doors_by_name['cloudevents']}", headers=asked["headers"])
            told = {name: answer.headers.get(name.lower()) for name in answered["headers"]}
            run.judge(vector["id"], (answer.status, told), (200, answered["headers"]))
        elif vector["id"] == "github.ping":
            run.judge(vector["id"], send_github(run, doors_by_name["github"], asked["body"].encode(), "application/json").status, (200, 202))
            run.judge(f"{vector['id']} opens nothing", run.vedette.items_of("signals"), [])
        else:
            skipped["SNS: as sns.derived.confirmation.v2"] += 1


def send_github(run, hook, body, kind):
    mac = hmac.new(GITHUB_SECRET.encode(), body, hashlib.sha256).hexdigest()
    delivery = hashlib.sha256(body).hexdigest()
    return run.send(Request("", hook, NOW, {"Content-Type": kind, "X-GitHub-Event": "ping", "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={mac}"},
                            body, True))


def check_header(run, hook, vector):
    headers = {"Authorization": f"Bearer {TOKEN}", "ce-specversion": "1.0", "ce-id": vector["id"], "ce-source": "/vectors", "ce-type": "t", "ce-subject": vector["input"]}
    answer = run.send(Request(vector["id"], hook, NOW, headers, b"", True))
    if vector["output"] is None:
        run.judge(vector["id"], answer.status, 400)
    else:
        run.judge(vector["id"], run.data_of(answer).get("subject") if answer.status == 202 else answer, vector["output"])


def check_form(run, hook, vector):
    body = "payload=" + urllib.parse.quote('{"zen":"') + vector["input"] + urllib.parse.quote('"}')
    answer = send_github(run, hook, body.encode(), "application/x-www-form-urlencoded")
    run.judge(vector["id"], run.data_of(answer)["zen"] if answer.status == 202 else answer, vector["output"])


def check_padding(run, hook, vector):
    """The key that the vector names signs; the door has the secret without padding."""
    body, identity, moment = b'{"type":"t"}', "msg_padding", str(NOW)
    proof = hmac.new(bytes.fromhex(vector["output_hex"]), f"{identity}.{moment}.".encode() + body, hashlib.sha256).digest()
    headers = {"Content-Type": "application/json", "webhook-id": identity, "webhook-timestamp": moment, "webhook-signature": "v1," + base64.b64encode(proof).decode()}
    run.check(Request(vector["id"], hook, NOW, headers, body, True))


PARSING = {"cloudevents": ("cloudevents", check_header), "form": ("github", check_form), "standard": ("standard-webhooks", check_padding)}


def parsing(run, doors_by_name, vectors, skipped):
    run.set_clock(NOW)
    for vector in vectors["parsing"]:
        sender, check = PARSING.get(vector["id"].split(".")[0], (None, None))
        if check:
            check(run, doors_by_name[sender], vector)
        else:
            skipped["of texts for Slack"] += 1


# --- the whole ---

def config_of(doors):
    head = ["listen: 127.0.0.1:0", "control: 127.0.0.1:0", "state: state", "rules: [rules.d]", "people: {vector: {token_file: vector.token}}",
            "log: {level: info}", "watchers:"]
    # The harness fills in a template.
    return "\n".join(head + doors.lines + [""]).replace("%", "%%")


def environment(directory):
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(directory / "clock"), "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0",
            "https_proxy": "http://127.0.0.1:9"}  # what a subscription names is not asked for


def run_all(vectors, directory):
    from harness import Vedette  # it reads VEDETTE when it is imported

    doors, skipped = Doors(directory), collections.Counter()
    requests = sorted(all_signed(vectors, doors, skipped), key=lambda request: request.now)
    unpadded = next(vector["input"] for vector in vectors["parsing"] if vector["id"] == "standard.secret.padding")
    by_name = {"cloudevents": doors.name("cloudevents", "token", TOKEN), "github": doors.name("github", "secret", GITHUB_SECRET),
               "standard-webhooks": doors.name("standard-webhooks", "secret", unpadded)}
    vedette = Vedette(directory, config=config_of(doors), rules={"all.yaml": "rules: [{id: any, on: github.workflow_run}]"}, env=environment(directory))
    vedette.write("vector.token", TOKEN)
    vedette.items_of = lambda name: vedette.api(f"/api/v1/{name}", token=TOKEN).json()["items"]
    run = Run(vedette)
    run.set_clock(NOW)
    vedette.start()
    try:
        for request in requests:
            run.check(request)
        parsing(run, by_name, vectors, skipped)
        handshakes(run, by_name, vectors, skipped)
    finally:
        vedette.stop()
    run.judge("sanitizers", [line for line in vedette.lines if "AddressSanitizer" in line or "runtime error:" in line], [])
    n_told = sum(request.accepted and not reads_as_json(request) for request in requests)
    print(f"{n_told} of those that are theirs hold no JSON, and are told so (400)")
    for reason, n_skipped in sorted(skipped.items()):
        print(f"{n_skipped} skipped: {reason}")
    print(f"{run.n_passed} passed, {run.n_failed} failed")
    return 1 if run.n_failed else 0


def main():
    if len(sys.argv) != 3 or not LIBRARY:
        print(__doc__ if LIBRARY else "libfaketime is not installed", file=sys.stderr)
        return 2
    os.environ["VEDETTE"] = sys.argv[1]
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    vectors = json.loads(pathlib.Path(sys.argv[2]).read_text())
    with tempfile.TemporaryDirectory(prefix="vedette-vectors-") as directory:
        return run_all(vectors, pathlib.Path(directory))


if __name__ == "__main__":
    sys.exit(main())
