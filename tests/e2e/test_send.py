"""`vedette send` signs for every sender that it can sign for, by each way that it may be configured with, and the door takes what it sent."""
import base64
import json
import subprocess
import unittest

from harness import PATIENCE, VedetteTest

HEAD = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
people: {jane: {token_file: jane.token}}
watchers:
"""
SECRETS = {
    "secret": "a secret: of 'tests' \\ \"ü\"", "token": "a-token.of_tests", "basic": "user:a pass:word", "gogs_secret": "a secret of Gogs",
    "stripe_secret": "whsec_of_tests",
}
BASE64 = "whsec_" + base64.b64encode(b"a key of the tests, 24+ bytes").decode()
STATUS = {"map": {"state": "data.status"}, "states": {"failing": ["failed"]}}
DEPLOYS = {"map": {"kind": "deploy", "service": "app.name", "state": "status", "id": "delivery"}, "states": {"failing": ["failed"], "ok": ["succeeded"]}}
# sender: (ways, what its watcher says besides)
SIGNED = {
    "alertmanager": (["token", "basic"], {}), "azure-devops": (["basic", "token"], {}), "bitbucket": (["secret", "basic"], {}), "buildkite": (["secret", "token"], {}),
    "circleci": (["secret"], {}), "cloudevents": (["token", "basic"], STATUS), "datadog": (["token", "basic"], {}),
    "generic": (["token", "basic", "secret", "stripe_secret"], DEPLOYS), "gitea": (["secret", "gogs_secret"], {}), "github": (["secret"], {}),
    "gitlab": (["token", "secret"], {}), "grafana": (["secret", "token", "basic"], {}), "jenkins": (["basic", "token"], {}), "jira": (["secret", "token"], {}),
    "linear": (["secret"], {}), "newrelic": (["token", "basic"], {}), "opsgenie": (["token"], {}), "pagerduty": (["secret", "token", "basic"], {}),
    "sentry": (["secret", "token"], {}), "standard-webhooks": (["secret"], STATUS), "uptimerobot": (["token"], {}),
}
KEYS_OF_BASE64 = {("gitlab", "secret"), ("standard-webhooks", "secret")}
SIGN_NOTHING = ("token", "basic")
OTHER_STATES = {"ci-green": "ok", "alert-resolved": "ok", "deploy": "ok", "jira-issue": "info", "linear-issue": "info"}
NO_WEBHOOK = {"slack"}
ED25519 = "whpk_" + base64.b64encode(bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")).decode()  # of RFC 8032
# Whose keys are public ones: hook and what its watcher says.
SENDER_ALONE = {
    "cloudwatch": {"webhook": "cloudwatch", "topics": ["arn:aws:sns:eu-north-1:210987654321:alarms"], "certificate_file": "sns.pem"},
    "standard-webhooks": {"webhook": "standard-webhooks", "public_key": ED25519},
    "travis": {"webhook": "travis", "public_key_file": "travis.pem"},
}


class Sending(VedetteTest):
    def hooks(self):
        return [(f"{sender}-{member.replace('_', '-')}", sender, member, more) for sender, (members, more) in SIGNED.items() for member in members]

    def configured(self):
        lines = []
        for name, sender, member, more in self.hooks():
            secret = BASE64 if (sender, member) in KEYS_OF_BASE64 else SECRETS[member]
            lines.append("  - " + json.dumps({"webhook": sender, "name": name, member: secret, **more}))
        lines += ["  - " + json.dumps(said) for said in SENDER_ALONE.values()]
        config = "\n".join([HEAD, *lines, ""]).replace("%", "%%")  # the harness fills in a template
        vedette = self.vedette(config=config, rules={"any.yaml": "rules: [{id: any, on: alert, mode: observe}]"}, start=False)
        for words in ("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sns.test -keyout sns.key -out sns.pem", "rsa -in sns.key -pubout -out travis.pem"):
            subprocess.run(["openssl", *words.split()], cwd=vedette.directory, check=True, capture_output=True)
        return vedette.start()

    def send(self, vedette, *arguments, **more):
        return vedette.cli("send", "-c", str(vedette.config_path), *arguments, **more)

    def sendings(self, vedette):
        """[(hook, member, sample)]: each sample through each hook of its sender."""
        listed = [json.loads(line) for line in self.send(vedette, "--samples", "--json", check=0).stdout.splitlines()]
        return [(name, member, sample["name"]) for name, sender, member, _ in self.hooks() for sample in listed if sample["sender"] == sender]

    def test_every_sender_is_in_the_table(self):
        vedette = self.vedette(start=False)
        known = {json.loads(line)["sender"] for line in vedette.cli("hooks", "--senders", "--json", check=0).stdout.splitlines()}
        self.assertEqual(known, set(SIGNED) | set(SENDER_ALONE) | NO_WEBHOOK)

    def test_what_is_sent_for_each_sender_and_way_is_taken_and_is_the_event_of_its_sample(self):
        vedette = self.configured()
        for name, member, sample in self.sendings(vedette):
            with self.subTest(name, sample=sample):
                told = json.loads(self.send(vedette, name, "--sample", sample, "--json", check=0).stdout)
                vedette.wait_until_folded()
                event = vedette.api(f"/api/v1/events/{told['id']}").json()
                self.assertEqual((event["watcher"], event["state"], "drift" in event), (name, OTHER_STATES.get(sample, "failing"), False))

    def test_what_is_printed_for_curl_is_taken_and_refused_once_it_is_changed(self):
        vedette = self.configured()
        once = {name: (name, member, sample) for name, member, sample in self.sendings(vedette)}
        for name, member, sample in once.values():
            with self.subTest(name):
                line = self.send(vedette, name, "--sample", sample, "--print-curl", check=0).stdout
                for text, is_taken in ((line.replace("shop", "Shop").replace("acme", "Acme"), member in SIGN_NOTHING), (line, True)):
                    done = subprocess.run(["/bin/sh", "-c", text], env=vedette.env, capture_output=True, text=True, timeout=PATIENCE, check=True)
                    answer = json.loads(done.stdout)
                    self.assertEqual("id" in answer, is_taken, answer)
                    self.assertEqual(answer.get("status"), None if is_taken else 401)

    def test_whom_nobody_else_can_sign_for_is_told(self):
        vedette = self.configured()
        vedette.write("body.json", "{}")
        for name in SENDER_ALONE:
            with self.subTest(name):
                done = self.send(vedette, name, "body.json")
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, f"nobody but .* can sign for this hook; `vedette fields --hook {name}=body.json` shows what becomes of a payload")

    def test_a_header_is_asked_for_only_where_no_other_place_says_what_the_event_is(self):
        vedette = self.configured()
        vedette.write("body.json", '{"event": "build.finished", "type": "Issue"}')
        for name in ("buildkite-token", "linear-secret"):
            with self.subTest(name):
                self.assertIn("stored", self.send(vedette, name, "body.json", check=0).stdout)
        asked = self.send(vedette, "bitbucket-secret", "body.json")
        self.assertEqual(asked.returncode, 2)
        self.assertIn("-H 'X-Event-Key: …'", asked.stderr)
        self.send(vedette, "bitbucket-secret", "body.json", "-H", "X-Event-Key: repo:push", check=0)

    def test_a_time_that_is_signed_in_the_body_becomes_that_of_now(self):
        vedette = self.configured()
        vedette.write("body.json", '{"type": "Issue", "action": "update", "webhookTimestamp": 1700000000000, "data": {"id": "1"}}')
        self.assertIn("stored", self.send(vedette, "linear-secret", "body.json", check=0).stdout)
        line = self.send(vedette, "linear-secret", "body.json", "--print-curl", check=0).stdout
        self.assertNotIn("body.json", line)
        self.assertNotIn("1700000000000", line)


if __name__ == "__main__":
    unittest.main()
