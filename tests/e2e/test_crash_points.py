"""The program ends at every named place in turn, and once more while it recovers: nothing is lost, nothing happens twice."""
import re
import signal
import unittest

from harness import ROOT, VedetteTest, wait_until
from ledger import LEDGER_RULE, Ledger, ledger_config
from slack_story import SlackTest

PLACES = re.findall(r'X\(\w+, "([\w.-]+)"\)', (ROOT / "src/base/crash_point.h").read_text())
RECOVER = "recover.before-commit"


class CrashStory:
    def begin(self, hold="0s", **options):
        self.ledger = Ledger()
        return self.vedette(config=ledger_config(hold), rules={"ci.yaml": LEDGER_RULE}, **options)

    def drive_until_it_dies(self, vedette):
        """Deliveries, approvals and reloads, as long as there is somebody to take them."""
        def is_dead():
            self.ledger.send(vedette)
            self.ledger.approve_some(vedette)
            if vedette.process.poll() is None and "public" in vedette.addresses:
                vedette.signal(signal.SIGHUP)
            return vedette.process.poll() is not None

        wait_until(is_dead, "the place is passed")
        self.assertEqual(vedette.wait(), -signal.SIGKILL, vedette.log())

    def crash_while_recovering(self, vedette):
        vedette.start(wait=False, crash_at=f"{RECOVER}:1")
        self.assertEqual(vedette.wait(), -signal.SIGKILL, vedette.log())

    def run_through(self, place, n):
        vedette = self.begin(hold="1s" if place.startswith("timers") else "0s", crash_at=f"{place}:{n}")
        self.drive_until_it_dies(vedette)
        self.crash_while_recovering(vedette)
        vedette.start()
        self.ledger.check(self, vedette)
        self.check_more(vedette)
        vedette.stop()

    def check_more(self, vedette):
        pass


class CrashPoints(CrashStory, VedetteTest):
    def test_places_are_known(self):
        self.assertGreaterEqual(len(PLACES), 14)

    def test_the_end_while_recovering_twice_in_a_row_changes_nothing(self):
        vedette = self.begin()
        while not self.ledger.approved:
            self.ledger.send(vedette)
            self.ledger.approve_some(vedette)
        vedette.kill()
        self.crash_while_recovering(vedette)
        self.crash_while_recovering(vedette)
        vedette.start()
        self.ledger.check(self, vedette)

    # --- accepting ---

    def test_h18_a_delivery_that_was_cut_off_before_its_commit_is_news_when_it_comes_again(self):
        vedette = self.begin(crash_at="accept.before-commit:1")
        self.assertIsNone(self.ledger.send(vedette))
        self.assertEqual(vedette.wait(), -signal.SIGKILL)
        vedette.start()
        self.assertEqual(vedette.items("events"), [])
        self.assertEqual(self.ledger.send(vedette).status, 202)
        self.ledger.check(self, vedette)

    def test_h16_a_delivery_whose_answer_was_lost_is_known_when_it_comes_again(self):
        vedette = self.begin(crash_at="accept.after-commit:1")
        self.assertIsNone(self.ledger.send(vedette))
        self.assertEqual(vedette.wait(), -signal.SIGKILL)
        vedette.start()
        self.assertEqual(len(vedette.items("events")), 1)
        self.assertEqual(self.ledger.send(vedette).status, 200)
        self.ledger.check(self, vedette)

    # --- acting ---

    def one_approved(self, **options):
        """A proposal whose approval was asked for; the answer may have been lost."""
        vedette = self.begin(**options)
        for _ in range(3):
            self.ledger.send(vedette)
        wait_until(lambda: self.ledger.approve_some(vedette) or vedette.process.poll() is not None, "it is approved")
        return vedette

    def test_x01_a_step_that_was_cut_in_half_is_unknown_and_never_runs_again(self):
        for place in ("step.after-start:1", "step.before-result:1"):
            with self.subTest(place):
                vedette = self.one_approved(crash_at=place)
                self.assertEqual(vedette.wait(), -signal.SIGKILL)
                vedette.start()
                proposal = vedette.wait_for_proposal(state="unknown")
                self.assertEqual(proposal["plan"][0]["state"], "unknown")
                vedette.restart()
                self.ledger.check(self, vedette)
                self.assertEqual(len(self.ledger.lost(vedette)), 1)
                self.assertEqual(vedette.items("proposals")[0]["state"], "unknown")  # it waits for a human

    def test_x01_whoever_knows_settles_what_is_unknown(self):
        for ran, state in ((True, "verifying"), (False, "failed")):
            with self.subTest(ran=ran):
                vedette = self.one_approved(crash_at="step.before-result:1")
                self.assertEqual(vedette.wait(), -signal.SIGKILL)
                vedette.start()
                proposal = vedette.wait_for_proposal(state="unknown")
                answer = vedette.decide(proposal, "settle", settle="ran" if ran else "not_ran")
                self.assertEqual((answer.status, answer.json().get("state")), (200, state))
                self.assertEqual(len(vedette.steps_run()), 1)

    def test_x02_a_step_that_was_recorded_and_not_started_never_runs(self):
        vedette = self.one_approved(crash_at="step.before-start:1")
        self.assertEqual(vedette.wait(), -signal.SIGKILL)
        vedette.start()
        vedette.wait_for_proposal(state="unknown")
        self.assertEqual(vedette.steps_run(), [])
        self.ledger.check(self, vedette)

    def test_a09_what_was_approved_before_a_crash_acts_once_after_it(self):
        vedette = self.one_approved(hold="1s")
        vedette.kill()
        self.assertEqual(vedette.steps_run(), [])
        self.crash_while_recovering(vedette)
        vedette.start()
        vedette.wait_for_proposal(state="verifying")
        vedette.restart()
        self.ledger.check(self, vedette)
        self.assertEqual(len(vedette.steps_run()), 1)
        self.assertEqual(self.ledger.lost(vedette), [])

    def test_a09_an_approval_that_was_not_recorded_is_asked_for_again(self):
        vedette = self.begin()
        for _ in range(3):
            self.ledger.send(vedette)
        vedette.wait_for_proposal(state="open", count=3)
        vedette.restart(crash_at="control.before-commit:1")
        wait_until(lambda: self.ledger.approve_some(vedette) or vedette.process.poll() is not None, "it is asked for")
        self.assertEqual(vedette.wait(), -signal.SIGKILL)
        vedette.start()
        self.assertEqual(vedette.items("proposals")[0]["state"], "open")
        self.assertEqual(vedette.steps_run(), [])
        self.ledger.check(self, vedette)

    def test_a07_a_proposal_can_be_approved_after_a_restart(self):
        vedette = self.begin()
        for _ in range(3):
            self.ledger.send(vedette)
        proposal = vedette.wait_for_proposal(state="open", count=3)
        vedette.restart()
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        vedette.wait_for_proposal(state="verifying")
        self.assertEqual(len(vedette.steps_run()), 1)


class CrashPointsOfMessages(CrashStory, SlackTest):
    """The same with a channel: every proposal has one card, which shows what became of it, and nothing is said twice below it."""

    SHOWN = {"verifying": "approved by jane", "unknown": "nobody knows"}

    def check_more(self, vedette):
        def is_idle():
            channel = vedette.api("/api/v1/status").json()["channels"][0]
            return channel["state"] == "ok" and channel["owed"] == 0

        wait_until(is_idle, "nothing is owed to Slack", 120)
        for proposal in self.ledger.everything(vedette, "proposals"):
            cards = self.slack.cards(proposal=proposal["id"])
            self.assertEqual(len(cards), 1, proposal)
            self.assertIn(self.SHOWN[proposal["state"]], cards[0].shown().lower())
            said = [reply.shown() for reply in self.slack.replies(cards[0])]
            self.assertEqual(len(said), len(set(said)), said)
        self.assert_no_complaints()


def each_place(place, n):
    def story(self):
        self.run_through(place, n)
    return story


def add_stories():
    for place in PLACES:
        if place == RECOVER or place.startswith("lines."):  # of logs: test_logs.py
            continue
        where, fault = (CrashPointsOfMessages, "o06") if place.startswith("message.") else (CrashPoints, "s01")
        for n, times in ((1, "once"), (2, "twice")):
            setattr(where, f"test_{fault}_the_end_at_{re.sub('[.-]', '_', place)}_passed_{times}_loses_and_repeats_nothing", each_place(place, n))


add_stories()


if __name__ == "__main__":
    unittest.main()
