"""kill -9 at random instants under load, again and again, and SIGTERM: what was answered is there, once."""
import os
import random
import signal
import threading
import time

from harness import PATIENCE, VedetteTest, wait_until
from ledger import LEDGER_RULE, Ledger, ledger_config

ROUNDS = 2000 if os.environ.get("VEDETTE_SOAK") else 200
SENDERS = 4


class Load:
    """Several senders and one who approves, until the daemon is gone."""

    def __init__(self, ledger, vedette):
        self.ledger, self.vedette = ledger, vedette
        self.over = threading.Event()
        self.errors = []
        self.threads = [threading.Thread(target=self._go_on, args=(do,)) for do in [self.ledger.send] * SENDERS + [self.ledger.approve_some]]
        for thread in self.threads:
            thread.start()

    def _go_on(self, do):
        try:
            while not self.over.is_set():
                do(self.vedette)
        except Exception as error:  # told by the thread that waits
            self.errors.append(error)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        if self.errors:
            raise self.errors[0]


class Crashes(VedetteTest):
    def test_s01_a_kill_at_a_random_instant_under_load_loses_and_repeats_nothing(self):
        seed = int(os.environ.get("VEDETTE_SEED", random.randrange(2**32)))
        moments = random.Random(seed)
        print(f"VEDETTE_SEED={seed}")
        ledger = Ledger()
        vedette = self.vedette(start=False, config=ledger_config(), rules={"ci.yaml": LEDGER_RULE})
        for _ in range(ROUNDS):
            vedette.start()
            load = Load(ledger, vedette)
            load.over.wait(moments.uniform(0.005, 0.060))
            vedette.kill()
            load.end()
            vedette.process.stdout.close()
        vedette.start()
        ledger.check(self, vedette)
        print(f"{ROUNDS} kills, {ledger.n_sent} deliveries, {len(ledger.approved)} approvals, {len(ledger.lost(vedette))} steps cut in half")
        self.assertGreater(len(ledger.approved), ROUNDS // 10)  # there was something to lose

    def test_p01_a_stop_under_load_answers_what_it_took_and_is_over_within_ten_seconds(self):
        for _ in range(3):
            ledger = Ledger()
            vedette = self.vedette(config=ledger_config(), rules={"ci.yaml": LEDGER_RULE})
            load = Load(ledger, vedette)
            wait_until(lambda: ledger.approved, "steps are run")
            start = time.monotonic()
            code = vedette.stop()
            took = time.monotonic() - start
            load.end()
            self.assertEqual(code, 0, vedette.log())
            self.assertLess(took, 10)
            vedette.start()
            ledger.check(self, vedette)
            self.assertEqual(ledger.lost(vedette), [])  # there was time for every step to end
            vedette.stop()

    def test_p01_the_second_sigterm_ends_it_at_once_and_nothing_is_lost(self):
        slow = """
  slow:
    run: [/usr/bin/sleep, "60"]
    effect: external
    timeout: 90s
"""
        ledger = Ledger()
        vedette = self.vedette(config=ledger_config(), actions=slow, rules={"ci.yaml": LEDGER_RULE.replace('do: rerun, with: {run: "{{run}}"}', "do: slow")})
        for _ in range(3):
            ledger.send(vedette)
        wait_until(lambda: ledger.approve_some(vedette), "it is approved")
        vedette.wait_for_proposal(state="running")
        vedette.signal(signal.SIGTERM)
        vedette.wait_for_log("stopping")
        start = time.monotonic()
        wait_until(lambda: self.signal_again(vedette) is not None, "it ends")
        self.assertLess(time.monotonic() - start, 2)
        vedette.wait()
        vedette.start()
        self.assertEqual(vedette.wait_for_proposal(state="unknown")["plan"][0]["state"], "unknown")
        self.assertEqual(len(vedette.items("events")), 3)

    def signal_again(self, vedette):
        if vedette.process.poll() is None:
            vedette.signal(signal.SIGTERM)
        return vedette.process.poll()
