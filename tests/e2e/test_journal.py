"""The systemd journal as a watcher: real journal files read by the real journalctl; each entry counts once, and a journal that cannot be read is said."""
import os
import shutil
import subprocess
import unittest

from harness import VedetteTest, wait_until
from test_logs import RULES, with_watcher

JOURNALCTL, REMOTE = "/usr/bin/journalctl", "/lib/systemd/systemd-journal-remote"
FIRST_US = 1_764_410_400_000_000  # 2025-11-29T10:00:00Z


@unittest.skipUnless(os.access(JOURNALCTL, os.X_OK) and os.access(REMOTE, os.X_OK), "needs the packages systemd and systemd-journal-remote")
class Journal(VedetteTest):
    def begin(self, members="", **options):
        self.journal = self.directory.resolve() / "journal"
        self.journal.mkdir(exist_ok=True)
        watcher = (f"  - journal: {{directory: {self.journal}, priority: err, program: {self.program()}}}\n    name: app\n    start: beginning\n"
                   + "".join(f"    {line}\n" for line in members.splitlines()))
        return self.vedette(rules={"log.yaml": RULES}, config=with_watcher(watcher), **options)

    def program(self):
        """A journalctl that a story can take away."""
        link = self.directory.resolve() / "journalctl"
        if not link.exists():
            link.symlink_to(JOURNALCTL)
        return link

    def write(self, first, last, message="got n={n} x", priority=3):
        """Entries of the numbers, in the export format of journald."""
        entries = "".join(f"__REALTIME_TIMESTAMP={FIRST_US + n * 1000}\n__MONOTONIC_TIMESTAMP={n * 1000}\n_BOOT_ID=0123456789abcdef0123456789abcdef\n"
                          f"_HOSTNAME=web-1\n_SYSTEMD_UNIT=shop.service\n_PID=77\nPRIORITY={priority}\nMESSAGE={message.format(n=n)}\n\n"
                          for n in range(first, last + 1))
        subprocess.run([REMOTE, f"--output={self.journal}/a.journal", "-"], input=entries, text=True, check=True, capture_output=True, timeout=60)

    def count(self, vedette):
        return sum(found["count"] for found in vedette.items("signals", rule="numbered"))

    def wait_for_count(self, vedette, n):
        wait_until(lambda: self.count(vedette) >= n, f"{n} entries are counted", patience=60)
        self.assertEqual(self.count(vedette), n)

    def watcher(self, vedette):
        return next(found for found in vedette.api("/api/v1/status").json()["watchers"] if found["name"] == "app")

    def test_an_entry_becomes_an_event_with_its_fields(self):
        vedette = self.begin()
        self.write(1, 1)
        self.write(2, 2, priority=6)
        self.write(3, 3, message="of no interest")
        self.write(4, 4)
        self.wait_for_count(vedette, 2)
        event = next(found for found in vedette.items("events") if "n=1" in found["text"])
        self.assertEqual({name: event[name] for name in ("kind", "type", "watcher", "service", "host", "severity", "time", "title")},
                         {"kind": "log", "type": "journal.entry", "watcher": "app", "service": "shop", "host": "web-1", "severity": "high",
                          "time": "2025-11-29T10:00:00.001Z", "title": "got n=1 x"})
        self.assertEqual(event["data"]["_PID"], "77")
        self.assertEqual(len(vedette.items("events")), 2)
        wait_until(lambda: vedette.metric("vedette_log_bytes_total", watcher="app"), "its bytes are counted")
        self.assertIn("app: the journal, 3 entries read", vedette.cli("status").stdout)

    def test_t26_entries_count_once_across_kills(self):
        vedette = self.begin()
        for first in range(1, 1001, 100):
            self.write(first, first + 99)
            if first % 200 == 1:
                wait_until(lambda: self.count(vedette) > first, "some of them are counted")
            vedette.kill()
            vedette.start()
        self.wait_for_count(vedette, 1000)

    def test_a_journal_that_cannot_be_read_is_said_and_read_again_when_it_is_over(self):
        vedette = self.begin()
        self.write(1, 3)
        self.wait_for_count(vedette, 3)
        program = self.program()
        pid = int(subprocess.run(["pgrep", "-P", str(vedette.pid), "-f", "journalctl"], capture_output=True, text=True, check=True).stdout.split()[0])
        program.unlink()
        os.kill(pid, 9)
        trouble = wait_until(lambda: self.watcher(vedette).get("trouble"), "it is said")
        self.assertIn("journalctl", trouble)
        wait_until(lambda: vedette.items("signals", rule="watchers"), "there is a signal of it")
        self.write(4, 5)
        program.symlink_to(JOURNALCTL)
        self.wait_for_count(vedette, 5)
        wait_until(lambda: "trouble" not in self.watcher(vedette), "it is over")

    def test_p06_a_line_of_its_own_log_in_the_journal_is_known_by_its_mark(self):
        vedette = self.begin()
        line = wait_until(lambda: next((line for line in vedette.lines if " mark=" in line), None), "it says something")
        self.write(1, 1, message="web-1 vedette: " + line.strip().replace("{", "{{").replace("}", "}}"))
        self.write(2, 2)
        self.wait_for_count(vedette, 1)
        self.assertEqual(self.watcher(vedette)["n_own"], 1)

    def test_what_was_thrown_away_before_it_was_read_is_told(self):
        vedette = self.begin()
        self.write(1, 3)
        self.wait_for_count(vedette, 3)
        vedette.stop()
        shutil.rmtree(self.journal)
        self.journal.mkdir()
        self.write(10, 12)
        vedette.start()
        self.wait_for_count(vedette, 6)
        wait_until(lambda: any("entries lost" in line for line in vedette.lines), "it is said")


if __name__ == "__main__":
    unittest.main()
