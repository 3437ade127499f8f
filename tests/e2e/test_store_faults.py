"""A disk that fills up, a store that fills up, a disk that fails, two daemons on one store."""
import base64
import os
import shutil
import subprocess
import time
import unittest

from disk import MB, Disk
from harness import VedetteTest, wait_until, workflow_run
from ledger import LEDGER_RULE, Ledger, ledger_config


class StoreFaults(VedetteTest):
    def begin(self, state="state", more="", **options):
        self.ledger = Ledger()
        return self.vedette(config=ledger_config().replace("state: state", f"state: {state}"), rules={"ci.yaml": LEDGER_RULE}, more=more, **options)

    def one_open(self, vedette):
        """A proposal that could be approved."""
        for _ in range(3):
            self.assertEqual(self.ledger.send(vedette).status, 202)
        return vedette.wait_for_proposal(state="open", count=3)

    def send_until_refused(self, vedette):
        """Large deliveries that no rule wants and that nothing can be packed of, then small ones until none fits any more: what does not fit may leave room for less. Returns the first refusal."""
        def refusal():
            answer = vedette.send_github("star", {"action": "created", "pad": base64.b64encode(os.urandom(192 * 1024)).decode()})
            self.assertIn(answer.status, (202, 503), answer)
            return answer if answer.status == 503 else None

        first = wait_until(refusal, "it is full")
        wait_until(lambda: all(self.ledger.send(vedette).status == 503 for _ in range(5)), "nothing fits any more")
        return first

    def status_of(self, vedette, path):
        return vedette.request("control", "GET", path).status

    # --- the disk ---

    def test_s03_h19_a_full_disk_refuses_data_loses_nothing_and_recovers_by_itself(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.begin(state=disk.path / "state")
        proposal = self.one_open(vedette)
        pid = vedette.pid

        ballast = disk.fill()
        refusal = self.send_until_refused(vedette)
        self.assertEqual(refusal.headers["content-type"], "application/problem+json")
        self.assertGreater(int(refusal.headers["retry-after"]), 0)
        self.assertEqual([self.status_of(vedette, path) for path in ("/healthz", "/metrics", "/readyz")], [200, 200, 503])
        self.assertIn("full", vedette.request("control", "GET", "/readyz?verbose").body.decode())
        self.assertEqual(len(vedette.items("proposals")), 1)
        self.assertGreater(vedette.metric("vedette_events_rejected_total", watcher="github", reason="full"), 0)
        vedette.wait_for_log("error .*full")

        ballast.unlink()
        start = time.monotonic()
        wait_until(lambda: self.status_of(vedette, "/readyz") == 200, "it is ready again, although nobody sends")
        self.assertEqual(self.ledger.send(vedette).status, 202)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        self.ledger.check(self, vedette, others=["github.star"])
        self.assertEqual((vedette.pid, vedette.process.poll()), (pid, None))

    def test_a13_an_approval_that_cannot_be_recorded_is_refused_and_said_so(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.begin(state=disk.path / "state")
        proposal = self.one_open(vedette)
        ballast = disk.fill()
        self.send_until_refused(vedette)

        answer = vedette.decide(proposal, "approve")
        self.assertEqual(answer.status, 503)
        self.assertRegex(answer.json()["title"] + answer.json().get("detail", ""), "full|stored")
        told = vedette.cli("approve", proposal["short"], "--yes", "--no-wait")
        self.assertNotEqual(told.returncode, 0)
        self.assertRegex(told.stderr, "full|stored")
        self.assertEqual(vedette.items("proposals")[0]["state"], "open")
        self.assertEqual(vedette.steps_run(), [])

        ballast.unlink()
        wait_until(lambda: vedette.decide(proposal, "approve").status == 200, "it can be recorded again", patience=5)
        vedette.wait_for_proposal(state="verifying")
        self.assertEqual(len(vedette.steps_run()), 1)

    def test_s03_a_start_on_a_full_disk_shows_what_is_stored_and_goes_on_when_there_is_room(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.begin(state=disk.path / "state")
        proposal = self.one_open(vedette)
        ballast = disk.fill()
        self.send_until_refused(vedette)
        for end in (vedette.stop, vedette.kill):
            end()
            vedette.start()
            self.assertEqual([item["id"] for item in vedette.items("proposals")], [proposal["id"]])
            self.assertEqual(self.ledger.send(vedette).status, 503)
            self.assertEqual(vedette.decide(proposal, "approve").status, 503)

        ballast.unlink()
        wait_until(lambda: self.status_of(vedette, "/readyz") == 200, "there is room")
        self.assertEqual(self.ledger.send(vedette).status, 202)
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        vedette.wait_for_proposal(state="verifying")
        self.ledger.check(self, vedette, others=["github.star"])

    def test_s03_no_delivery_is_blamed_for_starts_that_ended_on_a_full_disk(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.begin(state=disk.path / "state")
        self.one_open(vedette)
        vedette.stop()
        vedette.start(crash_at="accept.after-commit:1")
        self.assertIsNone(self.ledger.send(vedette))  # it is stored, and nobody has folded it
        vedette.wait()
        ballast = disk.fill()
        for _ in range(5):
            vedette.start()
            self.assertEqual(self.status_of(vedette, "/healthz"), 200)
            vedette.kill()
        vedette.start()
        ballast.unlink()
        wait_until(lambda: self.status_of(vedette, "/readyz") == 200, "there is room")
        self.assertEqual(self.ledger.send(vedette).status, 200)
        self.ledger.check(self, vedette)
        self.assertEqual(vedette.items("events", state="dead"), [])

    def test_s03_a_result_that_came_while_the_disk_was_full_is_kept_until_it_is_not(self):
        disk = Disk(self, self.directory, 16)
        gate = self.directory / "gate"
        slow = f"""
  wait:
    run: [/bin/sh, -c, "until [ -e {gate} ]; do sleep 0.05; done; echo it ran"]
    effect: external
    timeout: 60s
"""
        self.ledger = Ledger()
        vedette = self.vedette(config=ledger_config().replace("state: state", f"state: {disk.path}/state"), actions=slow,
                               rules={"ci.yaml": LEDGER_RULE.replace('do: rerun, with: {run: "{{run}}"}', "do: wait")})
        self.assertEqual(vedette.decide(self.one_open(vedette), "approve").status, 200)
        vedette.wait_for_proposal(state="running")
        ballast = disk.fill()
        self.send_until_refused(vedette)
        gate.write_text("")
        self.assertEqual(self.send_until_refused(vedette).status, 503)

        ballast.unlink()
        ended = vedette.wait_for_proposal(state="verifying")
        self.assertIn("it ran", ended["plan"][0]["output"])

    # --- the store ---

    def test_s04_a_full_store_refuses_data_at_ninety_per_cent_while_decisions_go_on(self):
        vedette = self.begin(store_max="8MB", more="retention: {bytes: 1GB}")
        proposal = self.one_open(vedette)
        self.send_until_refused(vedette)
        self.assertGreater(vedette.metric("vedette_store_bytes") / vedette.metric("vedette_store_limit_bytes"), 0.85)

        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        self.assertEqual(vedette.wait_for_proposal(id=proposal["id"], state="verifying")["plan"][0]["state"], "done")
        self.assertEqual(len(vedette.steps_run()), 1)

    def test_s04_retention_makes_room_by_itself_and_keeps_what_is_open(self):
        vedette = self.begin(store_max="8MB")
        proposal = self.one_open(vedette)
        self.send_until_refused(vedette)

        wait_until(lambda: vedette.send_github("star", {"action": "created"}).status == 202, "the oldest events went", patience=10)
        self.assertLess(vedette.metric("vedette_store_bytes") / vedette.metric("vedette_store_limit_bytes"), 0.9)
        self.assertEqual(vedette.items("proposals")[0]["state"], "open")
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        vedette.wait_for_proposal(state="verifying")
        vedette.cli("audit", "--verify", check=0)

    # --- the disk fails ---

    def strace(self, when):
        if not shutil.which("strace"):
            raise unittest.SkipTest("strace is not installed")
        if subprocess.run(["strace", "-o", "/dev/null", "/bin/true"], capture_output=True).returncode:
            raise unittest.SkipTest("strace may not trace here")
        return ["strace", "-f", "-qq", "-o", str(self.directory / "strace.out"), "-e", "trace=fdatasync", "-e", "signal=none", "-e", f"inject=fdatasync:error=EIO:when={when}"]

    def test_s05_a_failed_sync_ends_the_daemon_and_what_was_answered_is_there(self):
        wrapper = self.strace("1")
        for when in (4, 7, 11, 16):
            with self.subTest(when=when):
                # Leaks cannot be looked for under strace.
                options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
                vedette = self.begin(env={"ASAN_OPTIONS": options}, wrapper=[*wrapper[:-1], f"inject=fdatasync:error=EIO:when={when}"], start=False)
                vedette.start(wait=False)
                wait_until(lambda: "public" in vedette.addresses or vedette.process.poll() is not None, "it listens, or has failed")

                def has_ended():
                    if "public" in vedette.addresses:
                        self.ledger.send(vedette)
                        self.ledger.approve_some(vedette)
                    return vedette.process.poll() is not None

                wait_until(has_ended, "the sync has failed")
                self.assertEqual(vedette.wait(), 1, vedette.log())
                self.assertRegex(vedette.log(), "error .*(store|not started)")
                vedette.wrapper = []
                vedette.start()
                self.ledger.check(self, vedette)
                vedette.stop()

    # --- whose store it is ---

    def test_s08_a_second_daemon_on_the_same_store_refuses_and_names_the_first(self):
        first = self.begin()
        second = self.begin(state=first.directory / "state", start=False)
        second.start(wait=False)
        self.assertEqual(second.wait(), 1)
        self.assertIn(str(first.pid), second.log())
        self.assertEqual(first.send_github("workflow_run", workflow_run()).status, 202)

        first.kill()  # a lock that outlives its owner would be no lock
        second.start()
        self.assertEqual(len(second.items("events")), 1)

    def test_s09_no_child_holds_the_store(self):
        action = """
  descriptors:
    run: [/bin/ls, -l, /proc/self/fd]
    effect: none
"""
        vedette = self.begin(start=False, actions=action)
        vedette.write("rules.d/ci.yaml", LEDGER_RULE.replace('do: look, with: {repo: "{{repo}}"}', "do: descriptors"))
        vedette.start()
        proposal = self.one_open(vedette)
        evidence = vedette.api(f"/api/v1/tasks/{proposal['task']}").json()["evidence"][0]["text"]
        self.assertIn("/dev/null", evidence)
        self.assertNotIn("state", evidence)
        self.assertNotIn(".mdb", evidence)
        self.assertNotIn("socket:", evidence)
