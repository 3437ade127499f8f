"""The embedded default: `vedette run` without a configuration, and what a newcomer does with the lines that it prints."""
import contextlib
import http.client
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from harness import BINARY, PATIENCE, wait_until


class Demo:
    """One `vedette run` of somebody who has just built it: nothing in the environment but where state goes, and free ports."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "XDG_STATE_HOME": f"{directory}/state", "XDG_RUNTIME_DIR": f"{directory}/run",
                    "VEDETTE_LISTEN": "127.0.0.1:0", "VEDETTE_CONTROL": "127.0.0.1:0", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        (self.directory / "run").mkdir(mode=0o700, exist_ok=True)
        self.process = None

    def start(self, wait=True):
        self.printed, self.log = [], []
        self.process = subprocess.Popen([str(BINARY), "run"], env=self.env, cwd=self.directory, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in ((self.process.stdout, self.printed), (self.process.stderr, self.log))]
        for reader in self.readers:
            reader.start()
        if wait:
            wait_until(lambda: any("approve ID" in line for line in self.printed) or self.process.poll() is not None, "the invitation is printed")
            assert self.process.poll() is None, "\n".join(self.log)
        return self

    def _read(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def invitation(self):
        """The commands that it prints to be pasted, without their comments."""
        return [line.split("#")[0].split() for line in self.printed if line.startswith("  ") and "#" in line]

    def link(self):
        return next(line.strip() for line in self.printed if "/sign-in?" in line)

    def run(self, *command, check=0, input=None):
        done = subprocess.run(command, env=self.env, cwd="/", capture_output=True, text=True, timeout=PATIENCE * 3, input=input)
        assert check is None or done.returncode == check, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def vedette(self, *arguments, **options):
        return self.run(str(BINARY), *arguments, **options)

    def list(self, name):
        return [json.loads(line) for line in self.vedette(name, "--json").stdout.splitlines()]

    def get(self, url, cookie=None):
        parts = urllib.parse.urlsplit(url)
        with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)) as connection:
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read().decode()


class FirstTry(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="vedette-demo-")
        self.demo = Demo(self.directory)
        self.addCleanup(self.end)

    def end(self):
        if self.demo.process and self.demo.process.poll() is None:
            self.demo.process.kill()
            self.demo.process.wait()
        log = "\n".join(getattr(self.demo, "log", []))
        print("\n".join(log.splitlines()[-40:]))
        self.assertNotIn("ERROR: ", log)
        self.assertNotIn("runtime error:", log)
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait_for(self, **wanted):
        def find():
            return next((one for one in self.demo.list("proposals") if all(one.get(name) == value for name, value in wanted.items())), None)
        return wait_until(find, f"a proposal with {wanted}")

    def test_the_three_lines_that_it_prints_lead_to_a_verified_proposal(self):
        demo = self.demo.start()
        send, look, approve = demo.invitation()
        self.assertEqual((send[1:], look[1:], approve[1:]), (["send", "--sample", "ci-red"], ["proposals"], ["approve", "ID"]))

        demo.run(*send)
        proposal = self.wait_for(state="open")
        listed = demo.run(*look).stdout
        self.assertIn(proposal["short"], listed)
        self.assertIn("test is red on main of acme/shop", listed)
        answered = self.at_a_terminal([*approve[:-1], proposal["short"]], b"y\n")
        self.assertIn("This is the demo: here the failed jobs of run", answered)

        verified = wait_until(lambda: next((one for one in demo.list("proposals") if one["state"] == "verified"), None), "it is verified", 60)
        self.assertEqual(verified["id"], proposal["id"])
        self.assertEqual(verified["plan"][0]["state"], "done")
        self.assertIn("would be started again", demo.vedette("show", proposal["short"]).stdout)
        self.assertRegex(demo.vedette("audit", "--verify").stdout, r"\d")
        self.assertEqual(demo.stop(), 0)

    def at_a_terminal(self, command, typed):
        """Runs it at a terminal of its own, types, and returns all that it showed."""
        master, slave = pty.openpty()
        process = subprocess.Popen(command, env={**self.demo.env, "TERM": "xterm"}, cwd="/", stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        os.write(master, typed)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the last one at the terminal has left it
            while piece := os.read(master, 65536):
                shown += piece
        os.close(master)
        self.assertEqual(process.wait(PATIENCE), 0, shown.decode(errors="replace"))
        return shown.decode(errors="replace")

    def test_the_sign_in_link_works_once(self):
        demo = self.demo.start()
        link = demo.link()
        self.assertTrue(link.startswith("http://127.0.0.1:"), link)
        base = link.split("/sign-in")[0]
        demo.vedette("send", "--sample", "ci-red")
        proposal = self.wait_for(state="open")
        decide = f"/api/v1/proposals/{proposal['id']}/decision"
        self.assertEqual(self.post(base, decide, {"verdict": "ack"})[0], 401)  # on loopback anybody may look, and nobody may decide

        cookie = self.sign_in(link)
        status, headers, _ = self.try_link(link)
        self.assertEqual(status, 401)
        self.assertNotIn("set-cookie", {name.lower() for name, _ in headers})
        self.assertEqual(self.post(base, decide, {"verdict": "ack"}, cookie)[0], 200)
        self.assertEqual(self.wait_for(id=proposal["id"])["decisions"][0]["via"], "page")

    def try_link(self, link):
        """What the page does with it: posts the code that stands in it."""
        parts = urllib.parse.urlsplit(link)
        return self.post(f"http://{parts.netloc}", "/api/v1/sign-in", {"code": urllib.parse.parse_qs(parts.query)["code"][0]})

    def post(self, base, path, body, cookie=None):
        """As a browser does it, from a page of the same origin."""
        with contextlib.closing(http.client.HTTPConnection(base.removeprefix("http://"), timeout=PATIENCE)) as connection:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Origin": base, "Sec-Fetch-Site": "same-origin",
                                                                **({"Cookie": cookie} if cookie else {})})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def sign_in(self, link):
        self.assertEqual(self.demo.get(link)[0], 200)  # a GET changes nothing: a mail scanner that follows the link does not use it up
        status, headers, body = self.try_link(link)
        self.assertIn(status, (200, 204), body)
        set_cookie = next(value for name, value in headers if name.lower() == "set-cookie")
        self.assertIn("HttpOnly", set_cookie)
        self.assertIn("SameSite=Strict", set_cookie)
        return set_cookie.split(";")[0]

    def test_the_samples_do_what_they_say(self):
        demo = self.demo.start()
        listed = {line.split()[0]: line for line in demo.vedette("send", "--samples").stdout.splitlines()}
        self.assertLessEqual({"ci-red", "ci-green", "alert-firing", "alert-resolved", "deploy", "deploy-failed", "gitlab-pipeline-failed"}, set(listed))

        demo.vedette("send", "--sample", "deploy")
        demo.vedette("send", "--sample", "alert-firing")
        alert = self.wait_for(state="open", rule="failure-after-deploy")
        self.assertIn("shop deployed to production", json.dumps(alert["diagnosis"]))  # what was shipped just before is in the evidence
        demo.vedette("send", "--sample", "alert-resolved")
        self.wait_for(id=alert["id"], state="withdrawn")

        demo.vedette("send", "--sample", "deploy-failed")
        failed = self.wait_for(state="open", rule="deploy-failed")
        demo.vedette("send", "--sample", "deploy")
        self.wait_for(id=failed["id"], state="withdrawn")

        demo.vedette("send", "--sample", "ci-red")
        red = self.wait_for(state="open", rule="ci-main-red")
        demo.vedette("send", "--sample", "ci-red")
        demo.vedette("send", "--sample", "ci-green")
        self.assertEqual(self.wait_for(id=red["id"], state="withdrawn")["count"], 2)
        self.assertEqual(len(demo.list("proposals")), 3)
        self.assertEqual(len(demo.list("events")), 8)

    def test_a_sample_can_be_sent_with_the_curl_line_that_is_printed(self):
        demo = self.demo.start()
        line = demo.vedette("send", "--sample", "ci-red", "--print-curl").stdout
        self.assertTrue(line.startswith("curl "), line)
        done = demo.run("/bin/sh", "-c", line)
        self.assertTrue(json.loads(done.stdout)["id"].startswith("evt_"))
        self.wait_for(state="open", rule="ci-main-red")

    def test_a_second_start_keeps_state_and_secrets(self):
        demo = self.demo.start()
        demo.vedette("send", "--sample", "ci-red")
        proposal = self.wait_for(state="open")
        state = pathlib.Path(demo.env["XDG_STATE_HOME"]) / "vedette"
        secrets = {name: (state / name).read_text() for name in ("github.secret", "alertmanager.token", "deploys.token")}
        for name, secret in secrets.items():
            self.assertGreaterEqual(len(secret), 32)
            self.assertEqual(stat.S_IMODE((state / name).stat().st_mode), 0o600)
        link = demo.link()
        self.assertEqual(demo.stop(), 0)

        demo.start()
        self.assertEqual({name: (state / name).read_text() for name in secrets}, secrets)
        self.assertEqual([(one["id"], one["state"]) for one in demo.list("proposals")], [(proposal["id"], "open")])
        self.assertNotEqual(demo.link().split("code=")[1], link.split("code=")[1])
        demo.vedette("send", "--sample", "ci-red")
        wait_until(lambda: demo.list("proposals")[0]["count"] == 2, "the same signal goes on")

    def test_s08_a_second_one_names_the_first_and_leaves_it_alone(self):
        demo = self.demo.start()
        second = Demo(self.directory).start(wait=False)
        self.assertEqual(second.process.wait(PATIENCE), 1)
        second.stop()
        self.assertIn(str(demo.process.pid), "\n".join(second.log))
        demo.vedette("send", "--sample", "ci-red")
        self.wait_for(state="open")

    def test_everything_is_on_loopback_and_no_secret_is_logged(self):
        demo = self.demo.start()
        demo.vedette("send", "--sample", "ci-red")
        self.wait_for(state="open")
        addresses = re.findall(r"listening name=\S+ address=(\S+)", "\n".join(demo.log))
        for address in addresses:
            self.assertRegex(address, r"^(127\.0\.0\.1:\d+|unix:.*/run/vedette/vedette\.sock)$")
        self.assertEqual(len(addresses), 3)
        said = "\n".join(demo.printed + demo.log) + demo.vedette("check", "--print").stdout + demo.vedette("hooks").stdout + demo.vedette("status", "--json").stdout
        for secret in (pathlib.Path(demo.env["XDG_STATE_HOME"]) / "vedette").glob("*.[st][eo]*"):
            self.assertNotIn(secret.read_text().strip(), said)


if __name__ == "__main__":
    unittest.main()
