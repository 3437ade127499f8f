"""A disk that syncs slowly, or not for a while: who sends is answered in time all the same, or told to come again."""
import pathlib
import threading
import time

from harness import BINARY, VedetteTest, together, wait_until

SLOW_SYNC = BINARY.parent.parent / "tests/e2e/slow_sync.so"
SENDERS, EACH = 24, 25
SYNC_MS = 8
LARGE = 15 << 20


class SlowDisk(VedetteTest):
    def begin(self, sync_ms=0):
        self.hold = pathlib.Path(self.directory) / "hold"
        return self.vedette(env={"LD_PRELOAD": str(SLOW_SYNC), "ASAN_OPTIONS": "verify_asan_link_order=0", "SLOW_SYNC_MS": str(sync_ms), "SLOW_SYNC_HOLD": str(self.hold)})

    def deliver(self, vedette, pad=""):
        """The answer, and how long it took."""
        started = time.monotonic()
        answer = vedette.send_github("star", {"action": "created", "pad": pad})
        return answer, time.monotonic() - started

    def test_h20_a_crowd_shares_its_commits_where_each_takes_long(self):
        vedette = self.begin(SYNC_MS)
        started = time.monotonic()
        outcomes = [one for many in together(SENDERS, lambda _: [self.deliver(vedette) for _ in range(EACH)]) for one in many]
        took = time.monotonic() - started
        self.assertEqual({answer.status for answer, _ in outcomes}, {202})
        times = sorted(seconds for _, seconds in outcomes)
        self.assertLess(times[int(len(times) * 0.99)], 1)
        self.assertLess(times[-1], 5)
        # One by one the syncs alone would take as long.
        self.assertLess(took, SENDERS * EACH * 2 * SYNC_MS / 1000)
        vedette.wait_until_folded()
        self.assertEqual(vedette.metric("vedette_events_total", watcher="github"), SENDERS * EACH)

    def test_h20_h19_while_the_disk_hangs_nobody_is_told_that_it_is_kept_and_too_many_are_sent_away(self):
        vedette = self.begin()
        outcomes, pad = [], "x" * LARGE
        self.hold.touch()
        senders = [threading.Thread(target=lambda: outcomes.append(self.deliver(vedette, pad))) for _ in range(8)]
        for sender in senders:
            sender.start()
        refused = wait_until(lambda: list(outcomes), "one is sent away")
        for answer, seconds in refused:
            self.assertEqual(answer.status, 503)
            self.assertGreater(int(answer.headers["retry-after"]), 0)
            self.assertLess(seconds, 5)
        self.assertEqual(vedette.request("control", "GET", "/healthz").status, 200)
        self.hold.unlink()
        for sender in senders:
            sender.join()
        taken = [answer for answer, _ in outcomes if answer.status == 202]
        self.assertGreater(len(taken), 0)
        self.assertEqual({answer.status for answer, _ in outcomes}, {202, 503})
        vedette.wait_until_folded()
        self.assertEqual(vedette.metric("vedette_events_total", watcher="github"), len(taken))
