"""One hook of each sender: what the configuration says of it, and how its deliveries prove who sent them."""
import base64
import hashlib
import hmac
import json
import pathlib
import re
import subprocess
import time

from slack_workspace import APP, TEAM

TEXT_SECRET = "a secret of the flood"
KEY = base64.b64encode(b"a key that is base64 in its file").decode()
PASSWORD = "flood:a password"
SLACK_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOPIC = "arn:aws:sns:eu-north-1:210987654321:flood"
SEEDS = pathlib.Path(__file__).resolve().parent.parent / "fuzz/corpus/sender"

# ASN.1 in front of a digest that RSA signs (RFC 8017, 9.2).
DIGEST_INFO = {"sha1": "3021300906052b0e03021a05000414", "sha256": "3031300d060960864801650304020105000420"}
# In the order in which SNS signs them.
SNS_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class RsaKey:
    """NAME.key, NAME.pub and NAME.pem (a certificate) in `directory`; signs here, since a program for each request would be the bottleneck."""

    def __init__(self, directory, name):
        def openssl(*arguments):
            return subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True, text=True).stdout
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")
        openssl("rsa", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
        for file in pathlib.Path(directory).glob(f"{name}.*"):
            file.chmod(0o600)
        said = openssl("rsa", "-in", f"{name}.key", "-noout", "-text")
        self.modulus, self.exponent = (int("".join(re.search(member + r":\n((?:\s+[0-9a-f:]+\n)+)", said).group(1).replace(":", "").split()), 16)
                                       for member in ("modulus", "privateExponent"))

    def sign(self, data, digest):
        n_bytes = (self.modulus.bit_length() + 7) // 8
        told = bytes.fromhex(DIGEST_INFO[digest]) + hashlib.new(digest, data).digest()
        padded = b"\x00\x01" + b"\xff" * (n_bytes - len(told) - 3) + b"\x00" + told
        return base64.b64encode(pow(int.from_bytes(padded, "big"), self.exponent, self.modulus).to_bytes(n_bytes, "big")).decode()


def mac(data, key=TEXT_SECRET):
    return hmac.new(key if isinstance(key, bytes) else key.encode(), data, hashlib.sha256)


def now():
    return str(int(time.time()))


# --- proofs: (body, delivery id) -> headers ---

def token(_body, _id):
    return {"Authorization": f"Bearer {TEXT_SECRET}"}


def basic(_body, _id):
    return {"Authorization": "Basic " + base64.b64encode(PASSWORD.encode()).decode()}


def signed(header, prefix=""):
    return lambda body, _id: {header: prefix + mac(body).hexdigest()}


def signed_payload(body, _id):
    """Gitea signs what it sends, or what is in the form."""
    return {"X-Gitea-Signature": mac(payload_of(body)).hexdigest()}


def buildkite(body, _id):
    at = now()
    return {"X-Buildkite-Signature": f"timestamp={at},signature=" + mac(at.encode() + b"." + body).hexdigest()}


def standard(body, delivery):
    at = now()
    value = base64.b64encode(mac(f"{delivery}.{at}.".encode() + body, base64.b64decode(KEY)).digest()).decode()
    return {"webhook-id": delivery, "webhook-timestamp": at, "webhook-signature": f"v1,{value}"}


def slack(body, _id):
    at = now()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": "v0=" + mac(f"v0:{at}:".encode() + body, SLACK_SECRET).hexdigest()}


def payload_of(body):
    """Of a form, what its field decodes to."""
    if not body.startswith(b"payload="):
        return body
    text = body[len(b"payload="):].split(b"&")[0].replace(b"+", b" ")
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found.group(1).decode()), text)


# --- bodies that have to say something before they are signed ---

def stamped(body):
    """Linear's deliveries hold the time at which they are sent."""
    body = re.sub(rb'"webhookTimestamp":\d+,?', b"", body)
    return body.replace(b"{", f'{{"webhookTimestamp":{time.time_ns() // 1000000},'.encode(), 1)


def addressed(body):
    """Slack's say for which app they are, of which workspace."""
    body = re.sub(rb'"(team_id|api_app_id)":"[^"]*",?', b"", body)
    return body.replace(b"{", f'{{"team_id":"{TEAM}","api_app_id":"{APP}",'.encode(), 1)


class Hook:
    def __init__(self, sender, config, proof, id_header=None, path=None, prepare=None):
        self.sender, self.config, self.proof, self.id_header, self.prepare = sender, config, proof, id_header, prepare
        self.path = path or f"/hooks/{sender}"
        self.seeds = [read_seed(file) for file in sorted(SEEDS.glob(f"{sender}_*"))]


def read_seed(file):
    """([(name, value)], body) of an input of fuzz_sender."""
    lines, _, body = file.read_bytes().partition(b"\n\n")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines.decode().split("\n")[1:] if ":" in line]
    return headers, body


def hooks(key):
    """All of them; `key` signs for Travis CI and Amazon SNS."""
    def travis(body, _id):
        return {"Signature": key.sign(payload_of(body), "sha1")}

    def sns(body):
        try:
            message = json.loads(body)
            message.update(TopicArn=TOPIC, SignatureVersion="2", SigningCertURL="https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a1b.pem")
            text = "".join(f"{name}\n{message[name]}\n" for name in SNS_SIGNED
                           if name in message and (name != "Token" or message.get("Type") != "Notification"))
            message["Signature"] = key.sign(text.encode(), "sha256")
            return json.dumps(message).encode()
        except (ValueError, AttributeError, TypeError):
            return body  # nothing that could be signed

    secret, bearer, password = (f"{name}_file: {file}" for name, file in (("secret", "flood.secret"), ("token", "flood.secret"), ("basic", "flood.basic")))
    return [
        Hook("alertmanager", bearer, token),
        Hook("azure-devops", password, basic),
        Hook("bitbucket", secret, signed("X-Hub-Signature", "sha256="), "X-Request-UUID"),
        Hook("buildkite", secret, buildkite),
        Hook("circleci", secret, signed("circleci-signature", "v1=")),
        Hook("cloudevents", bearer, token),
        Hook("cloudwatch", f"certificate_file: flood.pem, topics: ['{TOPIC}']", lambda _body, _id: {}, prepare=sns),
        Hook("datadog", bearer, token),
        Hook("generic", f"{bearer}, map: {{service: 'app.name|service', state: status, title: 'message|title', subject: ['app.name', site], time: at}}", token),
        Hook("gitea", secret, signed_payload, "X-Gitea-Delivery"),
        Hook("github", secret, signed("X-Hub-Signature-256", "sha256="), "X-GitHub-Delivery"),
        Hook("gitlab", "secret_file: flood.key64", standard, "webhook-id"),
        Hook("grafana", secret, signed("X-Grafana-Alerting-Signature")),
        Hook("jenkins", password, basic),
        Hook("jira", secret, signed("X-Hub-Signature", "sha256="), "X-Atlassian-Webhook-Identifier"),
        Hook("linear", secret, signed("Linear-Signature"), "Linear-Delivery", prepare=stamped),
        Hook("newrelic", bearer, token),
        Hook("opsgenie", bearer, token),
        Hook("pagerduty", secret, signed("X-PagerDuty-Signature", "v1="), "X-Webhook-Id"),
        Hook("sentry", secret, signed("Sentry-Hook-Signature"), "Request-ID"),
        Hook("slack", None, slack, path="/slack/events", prepare=addressed),
        Hook("standard-webhooks", "secret_file: flood.key64", standard, "webhook-id"),
        Hook("travis", "public_key_file: flood.pub", travis),
        Hook("uptimerobot", bearer, token),
    ]
