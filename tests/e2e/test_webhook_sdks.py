"""The senders' own libraries have the last word: what they sign is taken, what they refuse is refused, and they take what `vedette send` signs."""
import base64
import json
import shlex
import subprocess
import time
import unittest
import uuid

import npm
from harness import VedetteTest

GITHUB = "It is a secret, wörtlich: 'quoted'"
STANDARD = "whsec_" + base64.b64encode(b"a key of the tests, 24+ bytes").decode()
STRIPE = "whsec_of_the_tests"
LINEAR = "lin_wh_of_the_tests"
TOKEN = "a-token-of-the-tests"
TOPIC = "arn:aws:sns:eu-north-1:210987654321:alarms"
CONFIG = f"""
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
people: {{jane: {{token_file: jane.token}}}}
watchers:
  - {{webhook: github, secret_file: hook-github.secret}}
  - {{webhook: standard-webhooks, secret: {STANDARD}}}
  - {{webhook: generic, name: stripe, stripe_secret: {STRIPE}, map: {{kind: message}}}}
  - {{webhook: linear, secret: {LINEAR}}}
  - {{webhook: cloudevents, token: {TOKEN}, map: {{state: data.status, text: data.text}}, states: {{failing: [failed]}}, handshake: {{origins: [plant.example]}}}}
  - {{webhook: cloudwatch, certificate_file: sns.pem, topics: ['{TOPIC}']}}
"""
BODIES = ['{"type":"t","n":1.0}', '{ "type" : "t", "text": "naïve 日本語 😀 a\\/b" }', '{"type":"t","lines":"one\\r\\ntwo"}\n']
DOORS = {"github": ("github", GITHUB), "standard-webhooks": ("standard-webhooks", STANDARD), "stripe": ("stripe", STRIPE)}
TIMED = ("standard-webhooks", "stripe")
MORE_HEADERS = {"github": {"X-GitHub-Event": "star"}}


class SdkTest(VedetteTest):
    @classmethod
    def setUpClass(cls):
        cls.npm = npm.directory()

    def setUp(self):
        super().setUp()
        certificate_in(self.directory)
        self.daemon = self.vedette(config=CONFIG, rules={"any.yaml": "rules: [{id: any, on: github.workflow_run, mode: observe}]"}, start=False)
        self.daemon.write("hook-github.secret", GITHUB)
        self.daemon.write("sns.pem", (self.directory / "sns.pem").read_text())
        self.daemon.start()

    def ask(self, *lines):
        return npm.run_node(self.npm, "webhooks.cjs", lines=lines)

    def post(self, hook, body, headers):
        return self.daemon.request("public", "POST", f"/hooks/{hook}", body if isinstance(body, bytes) else body.encode(),
                                   {"Content-Type": "application/json", **headers})


def certificate_in(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sns.test", "-keyout", "sns.key", "-out", "sns.pem"],
                   cwd=directory, check=True, capture_output=True)


class Signed(SdkTest):
    def signed(self, sender, body, timestamp=None):
        request = {"do": "sign", "sender": sender, "secret": DOORS[sender][1], "body": body, "id": str(uuid.uuid4()), "timestamp": timestamp or int(time.time())}
        return {**self.ask(request)[0]["headers"], **MORE_HEADERS.get(sender, {})}

    def test_h14_what_the_libraries_sign_is_taken_and_one_changed_byte_is_not(self):
        for sender, (hook, _) in DOORS.items():
            for body in BODIES:
                with self.subTest(sender, body=body):
                    headers = self.signed(sender, body)
                    self.assertEqual(self.post(hook, body[:-1] + "\t" + body[-1], headers).status, 401)
                    self.assertEqual(self.post(hook, body, headers).status, 202)

    def test_h14_a_changed_signature_id_or_time_is_refused(self):
        for sender, (hook, _) in DOORS.items():
            headers = self.signed(sender, BODIES[0])
            for name in headers:
                if name in MORE_HEADERS.get(sender, {}):
                    continue
                with self.subTest(sender, header=name):
                    last = headers[name].rstrip("=")[-1]
                    changed = headers[name].rstrip("=")[:-1] + ("0" if last != "0" else "1") + "=" * (len(headers[name]) - len(headers[name].rstrip("=")))
                    self.assertEqual(self.post(hook, BODIES[0], {**headers, name: changed}).status, 401)
                    self.assertEqual(self.post(hook, BODIES[0], {other: value for other, value in headers.items() if other != name}).status, 401)

    def test_h15_what_they_signed_more_than_five_minutes_ago_is_refused(self):
        for sender in TIMED:
            for age, status in ((290, 202), (310, 401), (-290, 202), (-310, 401)):
                with self.subTest(sender, age=age):
                    body = json.dumps({"type": "t", "age": age})
                    self.assertEqual(self.post(DOORS[sender][0], body, self.signed(sender, body, int(time.time()) - age)).status, status)

    def test_h14_another_secret_signs_in_vain(self):
        for sender, (hook, secret) in DOORS.items():
            with self.subTest(sender):
                other = {"do": "sign", "sender": sender, "body": BODIES[0], "id": "m", "timestamp": int(time.time()),
                         "secret": secret[:-2] + "AA" if sender == "standard-webhooks" else secret + "x"}
                self.assertEqual(self.post(hook, BODIES[0], {**self.ask(other)[0]["headers"], **MORE_HEADERS.get(sender, {})}).status, 401)


class Ours(SdkTest):
    """`vedette send --print-curl`, judged by those who would receive it."""

    def printed(self, hook, body, *arguments):
        self.daemon.write("body.json", body)
        words = shlex.split(self.daemon.cli("send", "-c", str(self.daemon.config_path), hook, "body.json", "--print-curl", *arguments, check=0).stdout)
        headers = [words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"]
        sent = words[words.index("--data-binary") + 1]
        return {"headers": {name.lower(): value for name, value in headers}, "body": body if sent.startswith("@") else sent}

    def test_the_libraries_take_what_vedette_signs_and_refuse_it_changed(self):
        linear = json.dumps({"type": "Issue", "action": "create", "webhookTimestamp": int(time.time() * 1000)})
        cases = [("github", "github", GITHUB, BODIES[1], ["-H", "X-GitHub-Event: star"]), ("standard-webhooks", "standard-webhooks", STANDARD, BODIES[1], []),
                 ("stripe", "stripe", STRIPE, BODIES[1], []), ("linear", "linear", LINEAR, linear, ["-H", "Linear-Event: Issue"])]
        for sender, hook, secret, body, arguments in cases:
            with self.subTest(sender):
                asked = {"do": "judge", "sender": sender, "secret": secret, **self.printed(hook, body, *arguments)}
                good, changed = self.ask(asked, {**asked, "body": asked["body"].replace("t", "T", 1)})
                self.assertEqual(good, {"accepted": True})
                self.assertFalse(changed["accepted"])


class CloudEvents(SdkTest):
    EVENT = {"source": "/plants/north", "type": "example.pump", "subject": "pump 7: 100 % of \"load\"", "extension1": "x",
             "data": {"status": "failed", "text": "ü 😀"}}

    def emit(self, mode, token=TOKEN, **members):
        url = f"http://{self.daemon.addresses['public']}/hooks/cloudevents"
        return self.ask({"do": "emit", "url": url, "token": token, "mode": mode, "event": {**self.EVENT, **members}})[0]["answer"]

    def assert_told(self, answer):
        self.daemon.wait_until_folded()
        event = self.daemon.api(f"/api/v1/events/{answer['id']}").json()
        self.assertEqual((event["type"], event["state"], event["text"]), ("cloudevents.example.pump", "failing", "ü 😀"))
        self.assertEqual({name: event["data"][name] for name in self.EVENT}, self.EVENT)

    def test_what_the_emitter_sends_is_an_event_in_either_mode_and_once(self):
        for mode in ("STRUCTURED", "BINARY"):
            with self.subTest(mode):
                answer = self.emit(mode, id=mode)
                self.assertFalse(answer.get("duplicate"), answer)
                self.assert_told(answer)
                self.assertTrue(self.emit(mode, id=mode)["duplicate"])

    def test_another_token_is_refused_in_either_mode(self):
        for mode in ("STRUCTURED", "BINARY"):
            self.assertEqual(self.emit(mode, token="another")["status"], 401)
        self.assertEqual(self.daemon.items("events"), [])

    def test_a_batch_is_each_of_its_events(self):
        made = self.ask({"do": "batch", "events": [{**self.EVENT, "id": name} for name in ("one", "two")]})[0]
        self.assertEqual(made["n_read"], 2)
        headers = {**made["headers"], "Authorization": f"Bearer {TOKEN}"}
        body = made["body"].encode()
        self.assertEqual(self.daemon.request("public", "POST", "/hooks/cloudevents", body, {**headers, "Authorization": "Bearer x"}).status, 401)
        self.assertEqual(self.daemon.request("public", "POST", "/hooks/cloudevents", body, headers).status, 202)
        self.daemon.wait_until_folded()
        self.assertEqual([(event["type"], event["state"]) for event in self.daemon.items("events")], 2 * [("cloudevents.example.pump", "failing")])

    def test_who_asks_by_the_handshake_may_emit_what_was_consented_to(self):
        asked = {"WebHook-Request-Origin": "plant.example", "WebHook-Request-Rate": "60"}
        answer = self.daemon.request("public", "OPTIONS", "/hooks/cloudevents", headers=asked)
        self.assertEqual((answer.status, answer.headers["webhook-allowed-origin"], answer.headers["webhook-allowed-rate"]), (200, "plant.example", "60"))
        self.assert_told(self.emit("BINARY"))


class Sns(SdkTest):
    def message(self, version="2", **changes):
        told = {"Message": json.dumps({"AlarmName": "queue-depth", "NewStateValue": "ALARM"}), "MessageId": str(uuid.uuid4()), "Subject": "ALARM: queue-depth",
                "Timestamp": "2026-11-21T08:04:30.000Z", "TopicArn": TOPIC, "Type": "Notification"}
        text = "".join(f"{name}\n{told[name]}\n" for name in sorted(told)).encode()
        digest = {"1": "-sha1", "2": "-sha256"}[version]
        signature = subprocess.run(["openssl", "dgst", digest, "-sign", "sns.key"], cwd=self.directory, input=text, check=True, capture_output=True).stdout
        return json.dumps({**told, "SignatureVersion": version, "Signature": base64.b64encode(signature).decode(),
                           "SigningCertURL": "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem", **changes})

    def test_h14_the_door_and_the_validator_of_sns_are_of_one_mind(self):
        elsewhere = "https://sns.eu-north-1.amazonaws.com.example/SimpleNotificationService-0a.pem"
        cases = [("version 1", self.message("1"), True), ("version 2", self.message(), True), ("changed", self.message(Subject="OK: queue-depth"), False),
                 ("version 2 said to be 1", self.message(SignatureVersion="1"), False), ("version 3", self.message(SignatureVersion="3"), False),
                 ("a certificate of another", self.message(SigningCertURL=elsewhere), False)]
        certificate = (self.directory / "sns.pem").read_text()
        judged = self.ask(*({"do": "judge", "sender": "sns", "body": body, "certificate": certificate} for _, body, _ in cases))
        for (name, body, is_theirs), verdict in zip(cases, judged):
            with self.subTest(name):
                self.assertEqual(verdict["accepted"], is_theirs, verdict)
                headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
                self.assertEqual(self.post("cloudwatch", body, headers).status, 202 if is_theirs else 401)


if __name__ == "__main__":
    unittest.main()
