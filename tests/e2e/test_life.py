"""The life of the process: start, idle, reload, stop, and what it says to those who ask too early or too late."""
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest

from harness import BINARY, CI_RULE, JANE, PATIENCE, Answer, UnixConnection, VedetteTest, wait_until, workflow_run

SLOW_ACTION = """
  slow:
    run: [/bin/sleep, "%s"]
    effect: external
    hold: 0s
    timeout: 60s
"""
SLOW_RULE = CI_RULE.replace("do: rerun\n          with: {run: \"{{run}}\"}", "do: slow")


class Stopping(VedetteTest):
    def send_until(self, vedette, stopped, answers):
        """Deliveries without a pause, from a thread of its own; a connection that is refused or cut is no answer."""
        def work(worker):
            n = 0
            while not stopped.is_set():
                n += 1
                try:
                    answers.append(vedette.send_github("workflow_run", workflow_run(run=n, branch=f"b{worker}"), delivery=f"{worker}-{n}"))
                except (OSError, http.client.HTTPException):
                    return
        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        return threads

    def approve_slow_step(self, vedette):
        vedette.send_github("workflow_run", workflow_run(run=1))
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        return vedette.wait_for_proposal(id=proposal["id"], state="running")

    def test_p01_sigterm_under_load_stores_all_that_was_answered_2xx_and_ends_within_10_seconds(self):
        vedette = self.vedette()
        for attempt in range(3):
            answers, stopped = [], threading.Event()
            threads = self.send_until(vedette, stopped, answers)
            wait_until(lambda: len(answers) > 200, "the daemon is under load")
            started = time.monotonic()
            code = vedette.stop()
            took = time.monotonic() - started
            stopped.set()
            for thread in threads:
                thread.join()
            self.assertEqual(code, 0)
            self.assertLess(took, 10)
            self.assertTrue({answer.status for answer in answers} <= {202, 200, 503}, {answer.status for answer in answers})

            vedette.start()
            vedette.wait_until_folded()
            for answer in answers:
                if answer.status < 300:
                    known = vedette.api(f"/api/v1/events/{answer.json()['id']}")
                    self.assertEqual(known.status, 200, answer)

    def test_p01_a_step_that_runs_is_waited_for_and_its_result_is_stored(self):
        vedette = self.vedette(rules={"ci.yaml": SLOW_RULE}, actions=SLOW_ACTION % 2)
        proposal = self.approve_slow_step(vedette)
        self.assertEqual(vedette.stop(), 0)
        vedette.start()
        ended = vedette.api(f"/api/v1/proposals/{proposal['id']}").json()
        self.assertEqual(ended["plan"][0]["state"], "done")

    def test_p01_a_step_that_outlasts_the_stop_is_unknown_afterwards(self):
        vedette = self.vedette(rules={"ci.yaml": SLOW_RULE}, actions=SLOW_ACTION % 50)
        proposal = self.approve_slow_step(vedette)
        started = time.monotonic()
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(time.monotonic() - started, 10)
        vedette.start()
        vedette.wait_for_proposal(id=proposal["id"], state="unknown")

    def test_p01_a_second_sigterm_ends_at_once_and_the_store_is_whole(self):
        vedette = self.vedette(rules={"ci.yaml": SLOW_RULE}, actions=SLOW_ACTION % 50)
        proposal = self.approve_slow_step(vedette)
        vedette.signal(signal.SIGTERM)
        vedette.wait_for_log("stopping signal=15")
        started = time.monotonic()
        vedette.signal(signal.SIGTERM)
        self.assertEqual(vedette.wait(), -signal.SIGTERM)
        self.assertLess(time.monotonic() - started, 1)

        vedette.start()
        vedette.wait_for_proposal(id=proposal["id"], state="unknown")
        self.assertEqual(vedette.cli("audit", "--verify").returncode, 0)

    def test_p01_a_half_sent_delivery_holds_up_nobody(self):
        vedette = self.vedette()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
            started = time.monotonic()
            self.assertEqual(vedette.stop(), 0)
            self.assertLess(time.monotonic() - started, 10)

    def test_p02_a_storm_of_sighup_is_a_few_reloads_and_the_stop_in_its_midst_is_orderly(self):
        vedette = self.vedette()
        for _ in range(1000):
            vedette.signal(signal.SIGHUP)
        vedette.wait_for_log("info reloaded")
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)
        vedette.wait_for_proposal(state="open")
        for _ in range(100):
            vedette.signal(signal.SIGHUP)
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(vedette.log().count("info reloaded"), 1100 / 2)

    def test_p02_sighup_while_starting_and_while_stopping_is_harmless(self):
        vedette = self.vedette(start=False, rules={"ci.yaml": SLOW_RULE}, actions=SLOW_ACTION % 1)
        vedette.start(wait=False)
        wait_until(lambda: "listening" in vedette.log(), "the first door is open")
        vedette.signal(signal.SIGHUP)
        vedette.wait_for_log("info reloaded")
        self.approve_slow_step(vedette)
        vedette.signal(signal.SIGTERM)
        vedette.wait_for_log("stopping signal=15")
        for _ in range(100):
            vedette.signal(signal.SIGHUP)
        self.assertEqual(vedette.wait(), 0)


class Starting(VedetteTest):
    def refused(self, vedette, *arguments, code):
        vedette.start(wait=False, arguments=arguments)
        self.assertEqual(vedette.wait(), code, vedette.log())
        return vedette.log()

    def test_p12_an_invalid_configuration_is_one_message_and_78_and_nothing_is_touched(self):
        cases = {
            "an unknown member": ("lisen: 127.0.0.1:0", r"vedette\.yaml:\d+:1: error: .*did you mean `listen`"),
            "a wrong value": ("retention: {events: soon}", r"vedette\.yaml:\d+:\d+: error: .*soon"),
            "an action that repeats another's name": ("actions: {}", r"vedette\.yaml:\d+:\d+: error: .*twice"),
        }
        for name, (more, said) in cases.items():
            with self.subTest(name):
                vedette = self.vedette(start=False, more=more)
                before = sorted(path.name for path in vedette.directory.iterdir())
                log = self.refused(vedette, code=78)
                self.assertRegex(log, said)
                self.assertEqual(len(re.findall(" error: ", log)), 1)
                self.assertEqual(sorted(path.name for path in vedette.directory.iterdir()), before)

    def test_p12_a_configuration_that_is_not_there_or_lacks_a_secret_is_78(self):
        vedette = self.vedette(start=False)
        (vedette.directory / "github.secret").unlink()
        self.assertIn("github.secret", self.refused(vedette, code=78))
        self.assertFalse((vedette.directory / "state").exists())
        vedette.config_path.unlink()
        self.assertRegex(self.refused(vedette, code=78), r"vedette\.yaml.*No such file or directory")

    def test_s08_a_second_daemon_on_the_same_store_names_the_first(self):
        first = self.vedette()
        second = self.vedette(start=False)
        second.config_path.write_text(first.config_path.read_text().replace("state: state", f"state: {first.directory}/state\nsocket: other.sock"))
        log = self.refused(second, code=1)
        self.assertIn(str(first.pid), log)
        self.assertEqual(first.send_github("workflow_run", workflow_run()).status, 202)

    def test_s08_a_second_daemon_on_the_same_socket_names_the_first_and_leaves_it_alone(self):
        first = self.vedette()
        second = self.vedette(start=False)
        socket_path = f"{first.directory}/state/vedette.sock"
        second.config_path.write_text(second.config_path.read_text().replace("state: state", f"state: state\nsocket: {socket_path}"))
        log = self.refused(second, code=1)
        self.assertIn(socket_path, log)
        self.assertIn(str(first.pid), log)
        self.assertEqual(self.over_socket(socket_path, "/healthz").status, 200)

    def test_s08_the_socket_and_lock_of_one_that_was_killed_are_taken_over(self):
        vedette = self.vedette()
        vedette.kill()
        self.assertTrue((vedette.directory / "state/vedette.sock").exists())
        vedette.start()
        self.assertEqual(self.over_socket(vedette.directory / "state/vedette.sock", "/healthz").status, 200)

    def over_socket(self, path, target):
        connection = UnixConnection(str(path), 10)
        connection.request("GET", target)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def test_a_port_that_is_taken_is_named(self):
        first = self.vedette()
        second = self.vedette(start=False, env={"VEDETTE_LISTEN": first.addresses["public"]})
        self.assertIn(first.addresses["public"], self.refused(second, code=1))

    def test_the_store_and_the_socket_are_for_nobody_else(self):
        vedette = self.vedette()
        state = vedette.directory / "state"
        self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((state / "data.mdb").stat().st_mode), 0o600)
        there = (state / "vedette.sock").stat().st_mode
        self.assertTrue(stat.S_ISSOCK(there))
        self.assertEqual(stat.S_IMODE(there) & 0o007, 0)
        self.assertEqual(vedette.stop(), 0)
        self.assertFalse((state / "vedette.sock").exists())

    def test_closed_standard_descriptors_do_not_end_up_in_the_store(self):
        close = "import os, sys\nos.closerange(0, 3)\nos.execv(sys.argv[1], sys.argv[1:])"
        vedette = self.vedette(start=False, wrapper=[sys.executable, "-c", close])
        vedette.start(wait=False)
        socket_path = vedette.directory / "state/vedette.sock"
        wait_until(lambda: socket_path.exists() and self.try_socket(socket_path), "the socket answers")
        for fd in range(3):
            self.assertEqual(os.readlink(f"/proc/{vedette.pid}/fd/{fd}"), "/dev/null")
        vedette.signal(signal.SIGHUP)
        vedette.signal(signal.SIGTERM)
        self.assertEqual(vedette.wait(), 0)
        vedette.wrapper = []
        vedette.start()
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)

    def try_socket(self, path):
        try:
            return self.over_socket(path, "/healthz").status == 200
        except OSError:
            return False

    def test_i03_with_log_format_json_every_line_is_one_object(self):
        vedette = self.vedette(start=False, rules={"ci.yaml": CI_RULE, "warned.yaml": "rules:\n  - {id: a, on: alrt}\n"})
        vedette.start(arguments=["--log-format", "json"], wait=False)
        wait_until(lambda: any('"started"' in line for line in vedette.lines), "it has started")
        for line in vedette.lines:
            listening = json.loads(line)
            if listening["text"] == "listening":
                vedette.addresses[listening["name"]] = listening["address"]
        vedette.send_github("workflow_run", workflow_run(workflow="te\nst \x1b[31m level=error", run=1))
        vedette.wait_for_proposal(state="open")
        vedette.write("rules.d/ci.yaml", "rules:\n  - id: a\n    wher: b\n")
        vedette.signal(signal.SIGHUP)
        vedette.wait_for_log("reload refused")
        self.assertEqual(vedette.stop(), 0)
        lines = [json.loads(line) for line in vedette.lines]
        for line in lines:
            self.assertTrue({"time", "level", "text"} <= set(line), line)
        self.assertIn("stopped", [line["text"] for line in lines])

        vedette.config_path.write_text("nonsense: 1\n")
        self.refused(vedette, "--log-format", "json", code=78)
        self.assertEqual({json.loads(line)["level"] for line in vedette.lines} - {"info"}, {"error"})


class CommandLine(VedetteTest):
    def test_wrong_usage_exits_2_and_says_what_is_right(self):
        vedette = self.vedette(start=False)
        for arguments, said in {
            (): "which command?",
            ("rnu",): "did you mean `run`?",
            ("approve",): "usage: vedette approve",
            ("approve", "a", "b"): "too many arguments",
            ("check", "--jsno"): "--jsno",
            ("snooze", "abcde", "--for", "soon"): "30m, 1h, 2d",
            ("reject", "abcde", "--reason", "bored"): "wrong_cause",
            ("explain", "nonsense"): "evt_ or sig_",
        }.items():
            with self.subTest(arguments):
                done = vedette.cli(*arguments, token=None)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_a_daemon_that_is_away_is_exit_3(self):
        vedette = self.vedette(start=False)
        for arguments in (("status",), ("proposals",), ("show", "abcde"), ("approve", "abcde", "--yes"), ("reload",), ("tail",), ("pause",)):
            for place in ("socket", "url"):
                with self.subTest(arguments, place=place):
                    done = vedette.cli(*arguments, **({"socket_only": True} if place == "socket" else {"token": "x"}))
                    self.assertEqual(done.returncode, 3, done)
                    self.assertIn("the daemon cannot be reached at", done.stderr)
                    self.assertEqual(done.stdout, "")

    def test_what_is_not_allowed_is_exit_4_and_what_is_decided_already_exit_5(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes", token="a token that only a visitor holds").returncode, 4)
        self.assertEqual(vedette.cli("reject", proposal["short"], "--reason", "known").returncode, 0)
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes").returncode, 5)
        self.assertEqual(vedette.cli("show", "prp_00000000000000000000000000").returncode, 1)

    def test_a_list_is_one_object_a_line_with_json_and_colours_are_for_terminals(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        vedette.wait_for_proposal(state="open")
        for command in ("proposals", "signals", "tasks", "events", "audit", "hooks", "status"):
            with self.subTest(command):
                lines = vedette.cli(command, "--json", check=0).stdout.splitlines()
                self.assertTrue(lines)
                for line in lines:
                    self.assertIsInstance(json.loads(line), dict)
                self.assertNotIn("\x1b", vedette.cli(command, check=0).stdout)


class Idle(VedetteTest):
    @unittest.skipIf(b"__tsan_init" in BINARY.read_bytes(), "the thread sanitizer has a thread of its own, which never sleeps long")
    def test_idle_costs_nothing(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        vedette.wait_for_proposal(state="open")
        vedette.wait_until_folded()
        before = self.effort(vedette.pid)
        threading.Event().wait(3)  # nothing shall happen: there is no fact to wait for
        after = self.effort(vedette.pid)
        self.assertLessEqual(after[0] - before[0], 9, "wake-ups in 3 s")
        self.assertLessEqual(after[1] - before[1], 3, "ticks of CPU in 3 s")

    def effort(self, pid):
        """How often its threads have gone to sleep, and their ticks of CPU."""
        switches = ticks = 0
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            status = (task / "status").read_text()
            switches += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M).group(1))
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return switches, ticks


class Looking(VedetteTest):
    def test_health_and_readiness_need_no_sign_in_and_metrics_parse(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1, repo="acme/\"quoted\\shop\""))
        vedette.send_github("workflow_run", workflow_run(run=1), secret="wrong")
        vedette.wait_until_folded()
        self.assertEqual(vedette.request("control", "GET", "/healthz").body, b"ok\n")
        self.assertEqual(vedette.request("control", "GET", "/readyz").status, 200)
        checks = vedette.request("control", "GET", "/readyz?verbose").json()["checks"]
        self.assertEqual({check["name"]: check["status"] for check in checks}, {"store": "ok", "rules": "ok", "doors": "ok", "disk": "ok", "channels": "ok"})
        for path in ("/healthz", "/metrics", "/api/v1/status"):
            self.assertEqual(vedette.request("public", "GET", path).status, 404)

        metrics = vedette.request("control", "GET", "/metrics")
        self.assertTrue(metrics.headers["content-type"].startswith("text/plain; version=0.0.4"))
        names = set()
        for line in metrics.body.decode().splitlines():
            if line.startswith("#"):
                self.assertRegex(line, r"^# (HELP|TYPE) [a-z_]+ ")
                continue
            self.assertRegex(line, r'^[a-z_]+(\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\})? [-+0-9.eInfNa]+$')
            names.add(line.split("{")[0].split(" ")[0])
        for name in ("vedette_events_total", "vedette_events_rejected_total", "vedette_matches_total", "vedette_signals", "vedette_tasks", "vedette_proposals",
                     "vedette_commit_seconds_bucket", "vedette_event_to_proposal_seconds_count", "vedette_inlet_depth", "vedette_outbox_depth", "vedette_store_bytes",
                     "vedette_rules_loaded", "vedette_rules_last_reload_success", "vedette_build_info", "process_resident_memory_bytes", "process_open_fds"):
            self.assertIn(name, names)
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="github"), 1)

    def first_complaint(self, vedette, *arguments):
        """What `vedette tail` says on standard error before it follows; None where it says nothing until something happens."""
        env = {**vedette.env, "VEDETTE_TOKEN": JANE, "VEDETTE_URL": f"http://{vedette.addresses['control']}"}
        with subprocess.Popen([str(BINARY), "tail", *arguments], env=env, cwd=vedette.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
            try:
                ready, _, _ = select.select([tail.stdout, tail.stderr], [], [], PATIENCE)
                return tail.stderr.readline() if tail.stderr in ready else None
            finally:
                tail.terminate()

    def test_a_tail_of_what_is_not_there_says_so(self):
        vedette = self.vedette()
        self.assertIn("no rule `nope` is loaded", self.first_complaint(vedette, "--rule", "nope"))
        self.assertIn("no watcher `nope` is configured", self.first_complaint(vedette, "--rule", "ci-red", "--watcher", "nope"))
        vedette.happens = True
        happening = threading.Thread(target=self.keep_happening, args=[vedette])
        happening.start()
        try:
            self.assertIsNone(self.first_complaint(vedette, "--rule", "ci-red"))
        finally:
            vedette.happens = False
            happening.join()

    def keep_happening(self, vedette):
        run = 1
        while vedette.happens:
            vedette.send_github("workflow_run", workflow_run(run=run, branch="main", workflow=f"w{run}"))
            vedette.wait_until_folded()
            run += 1

    def test_what_rules_and_configuration_name_is_counted_from_0_on(self):
        vedette = self.vedette()
        series = [("vedette_matches_total", {"rule": "ci-red"}), ("vedette_events_duplicate_total", {"watcher": "github"}),
                  ("vedette_events_rejected_total", {"watcher": "github", "reason": "signature"}),
                  ("vedette_outbox_failures_total", {"channel": "step"}), ("vedette_steps_total", {"action": "rerun", "result": "done"})]
        text = vedette.request("control", "GET", "/metrics").body.decode()
        for name, labels in series:
            self.assertIn(f"# TYPE {name} counter\n", text)
            self.assertIn(name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} 0\n", text)
        self.assertIn("# TYPE vedette_decisions_total counter\n", text)
        vedette.write("rules.d/more.yaml", "rules:\n  - {id: more, on: alert}\n")
        vedette.cli("reload")
        self.assertIn('vedette_matches_total{rule="more"} 0\n', vedette.request("control", "GET", "/metrics").body.decode())

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not there")
    def test_promtool_finds_nothing_wrong_with_the_metrics(self):
        vedette = self.vedette()
        vedette.send_github("workflow_run", workflow_run(run=1))
        vedette.wait_for_proposal(state="open")
        metrics = vedette.request("control", "GET", "/metrics").body
        done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))


if __name__ == "__main__":
    unittest.main()
