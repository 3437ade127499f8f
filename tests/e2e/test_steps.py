"""What is done after an approval: started once, ended in any case, told as it was; and whatever text it meets stays text."""
import http.server
import json
import os
import pathlib
import re
import socket
import threading
import urllib.parse

from harness import JANE, JOHN, PATIENCE, VedetteTest, wait_until

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
SECRET = "a secret that only request headers may hold"
SECRETS = "secrets: {github: {file: request.secret}}"
MB = 1024 * 1024

RULE = """
rules:
  - id: deploy-failed
    on: deploy
    where: {state: failing}
    key: [service]
    title: "{{title}}"
    propose:
      plan:
%(plan)s
      cooldown: 1s
%(more)s
    verify: %(verify)s
"""
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202eevil\u2066\u009b0m\r\n2026-01-01 forged line\tend"
NEVER_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Backend:
    """An HTTP server on loopback that remembers what it was sent."""

    def __init__(self):
        self.requests = []
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                backend.requests.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
                if "/lost" in self.path:
                    self.close_connection = True  # it was done, and nobody will ever say so
                    return
                status = next((int(word) for word in re.findall(r"/status-(\d+)", self.path)), 201)
                self.send_response(status)
                if status // 100 == 3:
                    self.send_header("Location", f"http://127.0.0.1:{backend.port}/elsewhere")
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"created")

            do_POST = do_PUT = do_DELETE = do_GET = do_PATCH = answer

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class StepsTest(VedetteTest):
    n_events = 0

    def acting(self, actions, plan, more="", verify="{quiet: 1h}", more_yaml="", **options):
        """A daemon whose rule on failed deploys proposes `plan`: lines of steps."""
        rules = RULE % {"plan": "\n".join(f"        - {step}" for step in plan), "more": "\n".join(f"      {line}" for line in more.splitlines()), "verify": verify}
        vedette = self.vedette(start=False, rules={"deploy.yaml": rules}, actions=actions % {"fixtures": FIXTURES, "dir": self.directory}, more=more_yaml, **options)
        vedette.write("request.secret", SECRET)
        return vedette.start()

    def fail_deploy(self, vedette, title="the deploy failed", service="shop", status="failed", environment="production"):
        StepsTest.n_events += 1
        return vedette.send_deploy({"app": {"name": service}, "status": status, "env": environment, "message": title, "delivery": f"d-{StepsTest.n_events}"})

    def propose(self, vedette, title="the deploy failed", service="shop", **more):
        self.assertEqual(self.fail_deploy(vedette, title, service, **more).status, 202)
        return wait_until(lambda: next((p for p in vedette.items("proposals", state="open") if p["key"] == [service]), None), "it is proposed")

    def now(self, vedette, proposal):
        return vedette.api(f"/api/v1/proposals/{proposal['id']}").json()

    def end(self, vedette, proposal, state, patience=PATIENCE):
        return vedette.wait_for_proposal(patience=patience, id=proposal["id"], state=state)

    def act(self, vedette, state, patience=PATIENCE, **how):
        """Proposes, approves, and gives the proposal as it ended."""
        proposal = self.propose(vedette, **how)
        answer = vedette.decide(proposal, "approve")
        self.assertEqual(answer.status, 200, answer)
        return self.end(vedette, proposal, state, patience)

    def told(self, name="told.json"):
        return json.loads((self.directory / name).read_text())

    def is_alive(self, pid):
        try:
            return " Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return False


def children_of(pid):
    """Of one process, dead ones too: {pid: state}."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(words[1]) == pid:
            found[int(stat.parent.name)] = words[0]
    return found


class Commands(StepsTest):
    def test_x03_a_command_that_ignores_sigterm_is_ended_with_all_that_it_started(self):
        vedette = self.acting("""
  stubborn:
    run: [/bin/sh, -c, 'trap "" TERM; echo $$ > %(dir)s/leader; sleep 600 & echo $! > %(dir)s/child; while :; do wait; done']
    effect: write
    timeout: 300ms
""", ["{do: stubborn}"])
        ended = self.act(vedette, "failed")

        step = ended["plan"][0]
        self.assertEqual((step["state"], step["error"]), ("failed", "timed out after 300ms"))
        self.assertIn("timed out", ended["outcome"])
        for name in ("leader", "child"):
            pid = int((self.directory / name).read_text())
            wait_until(lambda: not self.is_alive(pid), f"the {name} has gone")
        self.assertEqual(children_of(vedette.pid), {})
        self.assertEqual(vedette.send_deploy({"app": {"name": "other"}, "status": "failed", "delivery": "after"}).status, 202)

    def test_x04_what_cuts_itself_loose_is_found_killed_and_told_and_holds_nobody_up(self):
        vedette = self.acting("""
  loose: {run: [%(fixtures)s/cut_loose, %(dir)s/stray], effect: write, timeout: 30s}
""", ["{do: loose}"])
        ended = self.act(vedette, "verifying")

        self.assertEqual(ended["plan"][0]["state"], "done")
        self.assertIn("left one behind", ended["plan"][0]["output"])
        stray = int((self.directory / "stray").read_text())
        wait_until(lambda: not self.is_alive(stray), "the stray has gone")
        self.assertRegex(vedette.log(), "processes left behind were killed: n=1 action=loose")
        self.assertEqual(children_of(vedette.pid), {})

    def test_x05_a_gigabyte_without_a_newline_is_drained_counted_and_kept_by_its_ends(self):
        # The quarantine of a sanitizer would look like growth.
        vedette = self.acting("""
  flood: {run: [/bin/sh, -c, 'printf BEGIN; head -c 1000000000 /dev/zero | tr "\\\\0" "\\\\377"; printf END'], effect: write, timeout: 80s}
""", ["{do: flood}"], env={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"})
        proposal = self.propose(vedette)
        before = vedette.metric("process_resident_memory_bytes")
        vedette.decide(proposal, "approve")
        peak = 0

        def look():
            nonlocal peak
            peak = max(peak, vedette.metric("process_resident_memory_bytes"))
            return self.now(vedette, proposal)["state"] in ("verifying", "failed")

        wait_until(look, "it has ended", patience=80)
        step = self.now(vedette, proposal)["plan"][0]
        self.assertEqual((step["state"], step["output_truncated"]), ("done", True))
        self.assertTrue(step["output"].startswith("BEGIN"))
        self.assertTrue(step["output"].endswith("END"))
        self.assertLess(len(step["output"]), MB)
        self.assertLess(peak - before, 48 * MB)

    def test_x06_exit_codes_and_unix_signals_are_told_apart_and_nobody_is_left_a_zombie(self):
        vedette = self.acting("""
  ends: {run: [/bin/sh, -c, 'case "$1" in exit-*) exit "${1#exit-}";; *) kill -"$1" $$;; esac', sh, "{{how}}"], params: {how: '/[A-Za-z0-9-]+/'}, effect: write}
""", ['{do: ends, with: {how: "{{title}}"}}'])
        for how, code, error in [("exit-0", 0, None), ("exit-1", 1, "exit code 1"), ("exit-255", 255, "exit code 255"), ("exit-137", 137, "exit code 137"),
                                 ("KILL", None, "killed by signal 9 (Killed)"), ("SEGV", None, "killed by signal 11 (Segmentation fault)"), ("TERM", None, "killed by signal 15 (Terminated)")]:
            with self.subTest(how):
                step = self.act(vedette, "failed" if error else "verifying", title=how, service=how)["plan"][0]
                self.assertEqual((step["state"], step.get("error")), ("failed" if error else "done", error))
                self.assertEqual(step.get("exit_code") or 0, code or 0)
        self.assertEqual(children_of(vedette.pid), {})

    def test_x08_what_cannot_be_started_says_why_and_the_rest_is_not_started(self):
        gone, plain, odd = (self.directory / name for name in ("gone", "plain", "odd"))
        vedette = self.acting("""
  gone: {run: [%(dir)s/gone, "{{x}}"], params: {x: text}, effect: write}
  plain: {run: [%(dir)s/plain, "{{x}}"], params: {x: text}, effect: write}
  odd: {run: [%(dir)s/odd, "{{x}}"], params: {x: text}, effect: write}
  busy: {run: [%(dir)s/busy, "{{x}}"], params: {x: text}, effect: write}
  huge: {run: [/bin/echo""" + (', "' + "{{x}}" * 60 + '"') * 40 + """], params: {x: text}, effect: write}
  stranger: {run: [/bin/echo, "{{x}}"], params: {x: text}, effect: write, user: nobody-of-that-name}
  after: {run: [%(fixtures)s/record, %(dir)s/after.log, ran], effect: write}
""", ['{do: gone, with: {x: "{{title}}"}}', "{do: after}"])
        plain.write_text("#!/bin/sh\n")
        odd.write_bytes(b"\x7fELF nothing of the kind")
        odd.chmod(0o755)
        busy = self.directory / "busy"
        busy.write_bytes(pathlib.Path("/bin/true").read_bytes())
        busy.chmod(0o755)
        writer = busy.open("ab")  # whoever writes to a program keeps it from being started
        self.addCleanup(writer.close)
        for action, why in [("gone", "No such file or directory"), ("plain", "Permission denied"), ("odd", "Exec format error"), ("busy", "Text file busy"),
                            ("huge", "Argument list too long"), ("stranger", "user")]:
            with self.subTest(action):
                vedette.write("rules.d/deploy.yaml", vedette.config_path.parent.joinpath("rules.d/deploy.yaml").read_text().replace("do: gone", f"do: {action}"))
                before = vedette.directory.joinpath("rules.d/deploy.yaml").read_text()
                self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
                ended = self.act(vedette, "failed", title="x" * 1000, service=action)
                self.assertEqual(ended["plan"][0]["state"], "not_started")
                self.assertIn("not started", ended["plan"][0]["error"])
                self.assertIn(why, ended["plan"][0]["error"])
                self.assertEqual(ended["plan"][1]["state"], "planned")
                vedette.write("rules.d/deploy.yaml", before.replace(f"do: {action}", "do: gone"))
        self.assertFalse((self.directory / "after.log").exists())
        self.assertFalse(gone.exists())

    def test_x09_s09_a_command_sees_what_is_listed_and_nothing_else_of_ours(self):
        vedette = self.acting("""
  tell: {run: [%(fixtures)s/tell_all, %(dir)s/told.json], effect: write, env: [LISTED, ABSENT]}
""", ["{do: tell}"], env={"LISTED": "yes", "DEPLOY_TOKEN": "not for you", "VEDETTE_TOKEN": "nor this", "LD_PRELOAD_NOT": "x", "LC_ALL": "C"},
            more_yaml=SECRETS)
        self.act(vedette, "verifying")

        told = self.told()
        self.assertEqual({name: value for name, value in told["environment"].items() if name != "LC_CTYPE"}, {"LISTED": "yes"})  # python sets LC_CTYPE for itself
        self.assertEqual(sorted(told["descriptors"]), ["0", "1", "2"])
        self.assertEqual(told["descriptors"]["0"], "/dev/null")
        self.assertTrue(told["descriptors"]["1"].startswith("pipe:"))
        self.assertEqual(told["cwd"], "/")
        self.assertEqual(told["umask"], "0o77")
        self.assertEqual(int(told["blocked"], 16), 0)
        self.assertEqual((told["leads_session"], told["leads_group"], told["core"]), (True, True, 0))
        for secret in (JANE, JOHN, SECRET, "not for you", "nor this"):
            self.assertNotIn(secret, json.dumps(told))

    def test_x10_a_hostile_value_is_one_argument_as_it_stands_or_it_is_refused_in_the_proposal(self):
        vedette = self.acting("""
  tell: {run: [%(fixtures)s/tell_all, %(dir)s/told.json, "{{text}}", "--name=<{{text}}>", end], params: {text: text}, effect: write}
""", ['{do: tell, with: {text: "{{title}}"}}'])
        passes = ["$(touch /tmp/vedette-owned)", "`touch /tmp/vedette-owned`", "; rm -rf /", "a && b || c | d > /etc/passwd", "it's \"quoted\"", "*", "~root", "a b  c", "${HOME}",
                  "{{secret.github}}", "{{title}}", "{{text}}", "%s%n%x", "\\n\\x00", "--", "/../..", "日本語 \U0001f600", "x" * 1000, "'", '"', "\\"]
        for i, text in enumerate(passes):
            if text == "--":
                continue
            with self.subTest(text[:40]):
                (self.directory / "told.json").unlink(missing_ok=True)
                ended = self.act(vedette, "verifying", title=text, service=f"s{i}")
                self.assertEqual(self.told()["arguments"], [text, f"--name=<{text}>", "end"])
                self.assertEqual(ended["plan"][0]["argv"][2:], [text, f"--name=<{text}>", "end"])
        self.assertFalse(os.path.exists("/tmp/vedette-owned"))
        (self.directory / "told.json").unlink()

        refuses = {"-rf": "starts with", "--help": "starts with", "-": "starts with", "one\ntwo": "control", "one\rtwo": "control", "a\tb": "control", "\x1b[2J": "control", "\x7f": "control"}
        for i, (text, why) in enumerate(refuses.items()):
            with self.subTest(text[:40]):
                proposal = self.propose(vedette, title=text, service=f"r{i}")
                self.assertEqual(proposal["plan"], [])
                self.assertIn("`text` of tell", proposal["refused"])
                self.assertIn(why, proposal["refused"])
                self.assertIsNone(NEVER_SHOWN.search(proposal["refused"]))
                self.assertEqual(vedette.decide({**proposal, "plan_digest": "0" * 64}, "approve").status, 412)
                self.assertNotEqual(vedette.cli("approve", proposal["short"], "--yes").returncode, 0)
        self.assertFalse((self.directory / "told.json").exists())
        nul = vedette.request("public", "POST", "/hooks/deploys", b'{"app":{"name":"s"},"status":"failed","message":"a\\u0000b"}', {
            "Content-Type": "application/json", "Authorization": "Bearer a deploy token of the tests"})
        self.assertEqual(nul.status, 400)

    def test_x10_a_value_that_fails_its_pattern_anywhere_leaves_no_plan_to_approve(self):
        vedette = self.acting("""
  first: {run: [%(fixtures)s/record, %(dir)s/log, "{{n}}"], params: {n: '/[0-9]+/'}, effect: write}
  second: {run: [%(fixtures)s/record, %(dir)s/log, "{{n}}"], params: {n: '/[0-9]+/'}, effect: write}
""", ['{do: first, with: {n: "1"}}', '{do: second, with: {n: "{{title}}"}}'])
        for i, text in enumerate(["7; reboot", "7\n8", "7\n", "", " 7", "seven", "7 ", "٧"]):
            with self.subTest(text):
                proposal = self.propose(vedette, title=text, service=f"s{i}")
                self.assertEqual(proposal["plan"], [])
                self.assertTrue(proposal["refused"])
                self.assertEqual(vedette.decide({**proposal, "plan_digest": "0" * 64}, "approve").status, 412)
        self.assertFalse((self.directory / "log").exists())
        self.assertEqual(self.act(vedette, "verifying", title="7", service="good")["plan"][1]["params"], {"n": "7"})

    def test_x10_a_value_that_was_cut_on_its_way_is_refused_where_a_pattern_judges_it(self):
        vedette = self.acting("""
  remove: {run: [%(fixtures)s/record, %(dir)s/log, "{{path}}"], params: {path: '/[a-z/]+/'}, effect: write}
""", ['{do: remove, with: {path: "{{title}}"}}'])
        for title, is_offered in [("a" * 1000, True), ("a" * 1024, False), ("a" * 1500, False), ("é" * 1000, False)]:
            proposal = self.propose(vedette, title=title, service=f"{len(title)}{title[0]}")
            self.assertEqual(bool(proposal["plan"]), is_offered, proposal)
            self.assertEqual("may have been cut" in proposal.get("refused", ""), not is_offered)

    def test_x10_values_that_are_too_long_together_are_refused_and_cost_nobody_the_event(self):
        vedette = self.acting("""
  long: {run: [/bin/echo, "{{x}}""" + "+{{x}}" * 63 + """"], params: {x: text}, effect: write}
""", ['{do: long, with: {x: "{{title}}"}}'])
        proposal = self.propose(vedette, title="x" * 1024)
        self.assertEqual((proposal["plan"], proposal["refused"]), ([], "what would be given to \"long\" is too long"))

    def test_a_check_that_fails_makes_it_stale_and_nothing_ran(self):
        vedette = self.acting("""
  guarded: {run: [%(fixtures)s/record, %(dir)s/log, ran], effect: write, check: [/usr/bin/test, -e, %(dir)s/ready]}
""", ["{do: guarded}"])
        stale = self.act(vedette, "stale", service="early")
        self.assertIn("the check of step 1 (guarded) did not pass", stale["outcome"])
        self.assertIn("nothing ran", stale["outcome"])
        self.assertFalse((self.directory / "log").exists())

        (self.directory / "ready").touch()
        self.act(vedette, "verifying", service="ready")
        self.assertEqual((self.directory / "log").read_text(), "ran\n")

    def test_where_the_second_of_three_steps_fails_the_third_is_not_started(self):
        vedette = self.acting("""
  one: {run: [%(fixtures)s/record, %(dir)s/log, one], effect: write, undo: back}
  two: {run: [/bin/sh, -c, 'echo so far; exit 4'], effect: write}
  three: {run: [%(fixtures)s/record, %(dir)s/log, three], effect: write}
  back: {run: [%(fixtures)s/record, %(dir)s/log, back], effect: write}
""", ["{do: one}", "{do: two}", "{do: three}"])
        failed = self.act(vedette, "failed")

        self.assertEqual([step["state"] for step in failed["plan"]], ["done", "failed", "planned"])
        self.assertEqual((failed["plan"][1]["exit_code"], failed["plan"][1]["output"]), (4, "so far\n"))
        self.assertIn("step 2 (two) failed: exit code 4", failed["outcome"])
        self.assertEqual((self.directory / "log").read_text(), "one\n")
        self.assertEqual(vedette.decide(failed, "undo").status, 200)  # what was done declares an undo
        self.end(vedette, failed, "undone")
        self.assertEqual((self.directory / "log").read_text(), "one\nback\n")

    def test_the_command_line_follows_the_steps_and_ends_as_they_do(self):
        vedette = self.acting("""
  breaks: {run: [/bin/sh, -c, 'echo it broke; exit 9'], effect: write}
""", ["{do: breaks}"])
        proposal = self.propose(vedette)
        done = vedette.cli("approve", proposal["short"], "--yes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it broke", done.stdout)
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes", "--no-wait").returncode, 0)  # the same again


class Verification(StepsTest):
    ACTIONS = """
  mend: {run: [%(fixtures)s/record, %(dir)s/log, ran], effect: write, retries: 1}
  is-well: {run: [/usr/bin/test, -e, %(dir)s/well], effect: none}
"""

    def test_what_stays_quiet_is_verified_and_its_signal_resolved(self):
        vedette = self.acting(self.ACTIONS, ["{do: mend}"], verify="{quiet: 1s}")
        self.act(vedette, "verified")
        self.assertEqual(vedette.items("signals")[0]["state"], "resolved")

    def test_a_failure_in_the_window_is_recurred_and_the_next_proposal_says_so(self):
        vedette = self.acting(self.ACTIONS, ["{do: mend}"], verify="{quiet: 30s}")
        first = self.act(vedette, "verifying")
        self.fail_deploy(vedette)
        self.end(vedette, first, "recurred")

        again = self.propose(vedette)  # at once: no cooldown after it recurred
        self.assertEqual(again["earlier"], first["id"])
        self.assertIn("recurred", again["earlier_outcome"])
        self.assertEqual(again["plan"], [])  # this plan may be offered once
        self.assertIn("1 times and the signal came back", again["refused"])

    def test_an_event_that_clears_within_the_window_verifies(self):
        vedette = self.acting(self.ACTIONS, ["{do: mend}"], verify="{ok: 30s}")
        proposal = self.act(vedette, "verifying")
        self.fail_deploy(vedette, status="succeeded")
        self.assertIn("well again", self.end(vedette, proposal, "verified")["outcome"])

    def test_where_nothing_tells_within_the_window_it_is_inconclusive(self):
        vedette = self.acting(self.ACTIONS, ["{do: mend}"], verify="{ok: 1s}")
        self.act(vedette, "inconclusive")
        self.assertEqual(vedette.items("signals")[0]["state"], "firing")

    def test_a_verifying_check_tells(self):
        vedette = self.acting(self.ACTIONS, ["{do: mend}"], verify="{check: is-well}")
        self.assertIn("did not pass", self.act(vedette, "inconclusive", service="ill")["outcome"])
        (self.directory / "well").touch()
        self.assertIn("the verifying check passed", self.act(vedette, "verified", service="well")["outcome"])
        self.assertEqual(vedette.items("signals", state="resolved")[0]["key"], ["well"])

    def test_a_verifying_check_runs_as_it_was_declared(self):
        vedette = self.acting("""
  mend: {run: [%(fixtures)s/record, %(dir)s/log, ran], effect: write}
  see: {run: [%(fixtures)s/tell_all, %(dir)s/told.json, "{{service}}"], params: {service: text}, effect: none, env: [LISTED]}
  hang: {run: [/bin/sleep, "{{seconds}}"], params: {seconds: '/[0-9]+/'}, effect: none, timeout: 200ms}
""", ["{do: mend}"], verify='{check: see, with: {service: "{{service}}"}}', env={"LISTED": "yes"})
        self.act(vedette, "verified")
        self.assertEqual(self.told()["arguments"], ["shop"])
        self.assertEqual(self.told()["environment"]["LISTED"], "yes")

        rules = vedette.directory / "rules.d/deploy.yaml"
        vedette.write("rules.d/deploy.yaml", re.sub("verify: .*", 'verify: {check: hang, with: {seconds: "600"}}', rules.read_text()))
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
        self.act(vedette, "inconclusive", service="slow")


class Requests(StepsTest):
    ACTIONS = """
  open-issue:
    request:
      method: POST
      url: "http://127.0.0.1:%(port)s/repos/{{repo}}/issues/{{name}}?q={{text}}&fixed=1"
      headers: {Authorization: "Bearer {{secret.github}}", X-From: vedette}
      json: {title: "{{text}}", labels: [red, "{{name}}"], deep: {n: 1, t: true}}
    params: {repo: {match: '/.*/', path: true}, name: '/.*/', text: text}
    effect: external
    timeout: 5s
"""
    PLAN = ['{do: open-issue, with: {repo: "{{service}}", name: "{{environment}}", text: "{{title}}"}}']

    def setUp(self):
        super().setUp()
        self.backend = Backend()
        self.addCleanup(self.backend.close)

    def asking(self, **options):
        actions = self.ACTIONS.replace("%(port)s", str(self.backend.port))
        return self.acting(actions, self.PLAN, more_yaml=SECRETS, **options)

    def test_a_request_goes_out_as_it_was_shown_with_its_secret_and_its_values_escaped(self):
        vedette = self.asking()
        text, name, repo = 'say "hi"\\ {{secret.github}} &x=1#é', "a b/c?d&e=é%2f", "acme/the shop"
        ended = self.act(vedette, "verifying", title=text, service=repo, environment=name)

        sent, = self.backend.requests
        path, query = sent["path"].split("?")
        self.assertEqual(sent["method"], "POST")
        self.assertEqual([urllib.parse.unquote(part) for part in path.split("/")], ["", "repos", "acme", "the shop", "issues", name])
        self.assertEqual(urllib.parse.parse_qs(query, strict_parsing=True), {"q": [text], "fixed": ["1"]})
        self.assertNotRegex(sent["path"], r"[ \"#é{]")
        self.assertEqual((sent["headers"]["Authorization"], sent["headers"]["X-From"]), (f"Bearer {SECRET}", "vedette"))
        self.assertEqual(sent["headers"]["Content-Type"], "application/json")
        self.assertEqual(json.loads(sent["body"]), {"title": text, "labels": ["red", name], "deep": {"n": 1, "t": True}})
        step = ended["plan"][0]
        self.assertEqual((step["state"], step["exit_code"], step["output"]), ("done", 201, "created"))
        self.assertEqual(step["request"]["url"], f"http://127.0.0.1:{self.backend.port}{sent['path']}")
        self.assertEqual(step["request"]["json"], json.loads(sent["body"]))
        self.assertEqual(step["request"]["headers"]["Authorization"], "Bearer {{secret.github}}")

        # By its name, wherever one looks.
        vedette.stop()
        self.assertNotIn(SECRET, json.dumps(ended) + vedette.log())
        for path in (vedette.directory / "state").rglob("*"):
            self.assertNotIn(SECRET.encode(), path.read_bytes() if path.is_file() else b"")

    def test_x10_no_value_climbs_out_of_its_place_in_the_url(self):
        vedette = self.asking()
        for i, (repo, name) in enumerate([("..", "x"), ("a/../b", "x"), (".", "x"), ("a//b", "x"), ("/a", "x"), ("a/", "x"), ("a", ".."), ("a", "."), ("a", "-x")]):
            with self.subTest(repo=repo, name=name):
                self.fail_deploy(vedette, service=repo, environment=name)
                proposal = wait_until(lambda: next((p for p in vedette.items("proposals", limit=100) if p["key"] == [repo] and p["state"] == "open"), None), "it is proposed")
                self.assertEqual(proposal["plan"], [], proposal)
                self.assertIn("open-issue", proposal["refused"])
                vedette.decide(proposal, "reject", reason="known")
        self.assertEqual(self.backend.requests, [])
        self.act(vedette, "verifying", service="a/b", environment="http:evil.example@x:80")
        self.assertEqual(len(self.backend.requests), 1)

    def test_a_redirect_is_not_followed_and_an_error_is_a_failure(self):
        vedette = self.asking()
        for status in (301, 302, 307, 400, 404, 500, 503):
            with self.subTest(status):
                failed = self.act(vedette, "failed", service=f"s{status}", environment=f"status-{status}")
                self.assertEqual(failed["plan"][0]["error"], f"answered with status {status}")
        self.assertEqual(len(self.backend.requests), 7)
        self.assertFalse([sent for sent in self.backend.requests if "elsewhere" in sent["path"]])

    def test_where_nobody_listens_nothing_was_sent_and_it_failed(self):
        vedette = self.asking()
        port = self.backend.port
        self.backend.close()
        with socket.socket() as nobody:  # has the port and does not listen: no other test's server gets it meanwhile
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", port))
            failed = self.act(vedette, "failed")
        self.assertEqual(failed["plan"][0]["state"], "not_started")
        self.assertIn("could not connect", failed["plan"][0]["error"])

    def lose(self, vedette, service):
        unknown = self.act(vedette, "unknown", service=service, environment="lost")
        self.assertEqual(unknown["plan"][0]["state"], "unknown")
        self.assertIn("settle", unknown["outcome"])
        return unknown

    def test_x01_where_the_reply_is_lost_a_human_says_what_became_of_it(self):
        vedette = self.asking()
        ran, did_not = self.lose(vedette, "first"), self.lose(vedette, "second")
        self.fail_deploy(vedette, service="first")  # and while it is not known, its signal asks nothing
        vedette.wait_until_folded()
        vedette.restart()
        self.assertEqual(len(vedette.items("proposals")), 2)
        self.assertEqual(len(self.backend.requests), 2)

        self.assertEqual(vedette.decide(ran, "settle").status, 400)
        self.assertEqual(vedette.decide(ran, "settle", settle="ran").status, 200)
        self.assertEqual(self.now(vedette, ran)["state"], "verifying")
        self.assertEqual(vedette.decide(ran, "settle", settle="ran", token=JOHN).status, 200)  # the same again
        self.assertEqual(vedette.decide(ran, "settle", settle="not_ran").status, 409)
        vedette.cli("settle", did_not["short"], "--not-ran", check=0)
        failed = self.end(vedette, did_not, "failed")
        self.assertIn("did not run", failed["outcome"])
        self.assertEqual(failed["plan"][0]["state"], "not_started")
        self.assertEqual(len(self.backend.requests), 2)

    def test_x01_a_command_that_runs_when_the_daemon_is_killed_is_unknown_and_never_run_again(self):
        vedette = self.acting("""
  slow: {run: [/bin/sh, -c, 'echo started >> %(dir)s/log; while ! test -e %(dir)s/go; do sleep 0.05; done; echo ended >> %(dir)s/log'], effect: write}
""", ["{do: slow}", "{do: slow}"])
        log = self.directory / "log"
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        wait_until(log.exists, "it runs")
        vedette.kill()
        vedette.start()
        unknown = self.end(vedette, proposal, "unknown")
        self.assertEqual([step["state"] for step in unknown["plan"]], ["unknown", "planned"])
        (self.directory / "go").touch()
        wait_until(lambda: "ended" in log.read_text(), "it went on by itself")

        settled = vedette.decide(unknown, "settle", settle="ran").json()
        self.assertEqual(settled["state"], "failed")  # the rest is not started
        self.assertEqual([step["state"] for step in settled["plan"]], ["done", "not_started"])
        self.assertEqual(log.read_text(), "started\nended\n")


class HostileText(StepsTest):
    def show(self):
        return self.acting("""
  say: {run: [/usr/bin/printf, '%%s\\\\033[2J\\\\033]0;owned\\\\007\\\\342\\\\200\\\\256\\\\r', "said"], effect: write}
""", ["{do: say, why: 'because of {{title}}'}"])

    def test_i03_no_command_writes_a_control_or_bidi_character_of_foreign_text(self):
        vedette = self.show()
        first = self.propose(vedette, title=HOSTILE, service="a\x1b[31mb\u202e")
        vedette.decide(first, "approve", note=HOSTILE)
        self.end(vedette, first, "verifying")
        second = self.propose(vedette, title=HOSTILE, service=HOSTILE)
        signal, task, event = (vedette.items(name)[0]["id"] for name in ("signals", "tasks", "events"))
        commands = [["status"], ["hooks"], ["events"], ["signals"], ["tasks"], ["proposals"], ["audit"], ["show", first["id"]], ["show", second["short"]], ["show", signal],
                    ["show", task], ["show", event], ["explain", event], ["explain", signal], ["ack", second["short"], "--note", HOSTILE], ["approve", second["short"], "--yes"],
                    ["show", second["id"]], ["show", HOSTILE], ["approve", HOSTILE], ["events", "--rule", HOSTILE], [HOSTILE]]
        seen = 0
        for command in commands:
            for form in ([], ["--json"]):
                with self.subTest(command=command, form=form):
                    done = vedette.cli(*command, *form)
                    found = NEVER_SHOWN.search((done.stdout + done.stderr).replace("\n", ""))
                    self.assertIsNone(found, (done.stdout + done.stderr)[:2000])
                    self.assertNotRegex(done.stdout + done.stderr, r"(?m)^2026-01-01 forged")
                    seen += "evil" in done.stdout
        self.assertGreater(seen, 10)  # it is shown, and as what it is

    def test_i03_our_own_log_holds_one_line_for_each_fact(self):
        vedette = self.show()
        proposal = self.propose(vedette, title=HOSTILE, service=HOSTILE)
        vedette.decide(proposal, "reject", reason="known", note=HOSTILE)
        vedette.send_github("push\x1b[2J", {"x": HOSTILE}, secret=HOSTILE)
        vedette.api("/api/v1/proposals/" + urllib.parse.quote(HOSTILE))
        vedette.stop()

        self.assertIsNone(NEVER_SHOWN.search("".join(vedette.lines)))
        for line in vedette.lines:
            self.assertNotRegex(line, r"^2026-01-01 forged")

    def test_i02_markup_is_data_in_every_answer(self):
        vedette = self.show()
        markup = "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;\"'`${1}"
        proposal = self.propose(vedette, title=markup, service=markup)
        vedette.decide(proposal, "ack", note=markup)

        for path in ("/api/v1/proposals", f"/api/v1/proposals/{proposal['id']}", "/api/v1/signals", "/api/v1/events", "/api/v1/tasks", "/api/v1/audit", "/api/v1/status",
                     "/readyz?verbose", "/metrics", "/" + urllib.parse.quote(markup), f"/api/v1/proposals/{urllib.parse.quote(markup)}", f"/api/v1/proposals?state={urllib.parse.quote(markup)}"):
            with self.subTest(path):
                answer = vedette.api(path)
                self.assertNotIn("html", answer.headers["content-type"])
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                if "json" in answer.headers["content-type"]:
                    answer.json()
        self.assertEqual(self.now(vedette, proposal)["title"], markup)  # not one character is lost on the way

    def test_i04_a_value_is_never_looked_at_again_for_names(self):
        vedette = self.acting("""
  tell: {run: [%(fixtures)s/tell_all, %(dir)s/told.json, "{{text}}"], params: {text: text}, effect: write}
""", ['{do: tell, with: {text: "{{service}}: {{title}}"}, why: "{{title}}"}'], more_yaml=SECRETS)
        text = "{{secret.github}} {{service}} {{text}} {{ {{title}} }}"
        ended = self.act(vedette, "verifying", title=text, service="{{title}}")

        self.assertEqual(ended["title"], text)
        self.assertEqual(ended["plan"][0]["why"], text)
        self.assertEqual(self.told()["arguments"], ["{{title}}: " + text])

    def test_i04_a_name_that_nothing_can_have_is_an_error_with_its_place(self):
        vedette = self.show()
        path = vedette.write("bad.yaml", 'rules:\n  - id: bad\n    on: deploy\n    title: "{{no_such_field}}"\n    propose: {plan: [{do: say}]}\n')
        done = vedette.cli("check", "-c", str(vedette.config_path), str(path), token=None)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"bad\.yaml:4:\d+: error: .*no_such_field")
