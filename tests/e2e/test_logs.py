"""Logs as a team watches them: lines become signals, once, whatever is killed, full, forbidden or silent; and what cannot be read is said."""
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import threading

from disk import Disk
from harness import BINARY, CONFIG, VedetteTest, wait_until

RULES = r"""
rules:
  - id: numbered
    on: log
    match: '/ n=(?<n>\d+)/'
    key: [watcher]
    mode: observe
    clear: never
  - id: watchers
    on: vedette.watcher
    where: {state: failing}
    title: "{{title}}"
"""


def with_watcher(watcher, config=CONFIG):
    return config.replace("watchers:\n", "watchers:\n" + watcher, 1)


class Logs(VedetteTest):
    def begin(self, members="", rules=RULES, start=True, config_state="state", **options):
        self.logs = self.directory.resolve() / "logs"
        self.logs.mkdir(exist_ok=True)
        watcher = f'  - log: ["{self.logs}/*.log"]\n    name: app\n    start: beginning\n' + "".join(f"    {line}\n" for line in members.splitlines())
        options.setdefault("config", with_watcher(watcher).replace("state: state", f"state: {config_state}"))
        return self.vedette(rules={"log.yaml": rules}, start=start, **options)

    def write(self, text, name="app.log"):
        with open(self.logs / name, "ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def write_numbers(self, first, last, name="app.log"):
        self.write("".join(f"2026-11-29T10:00:00Z n={n} x\n" for n in range(first, last + 1)), name)

    def count(self, vedette, rule="numbered"):
        return sum(found["count"] for found in vedette.items("signals", rule=rule))

    def wait_for_count(self, vedette, n):
        wait_until(lambda: self.count(vedette) >= n, f"{n} lines are counted")
        self.assertEqual(self.count(vedette), n)

    def watcher(self, vedette, name="app"):
        return next(found for found in vedette.api("/api/v1/status").json()["watchers"] if found["name"] == name)

    # --- what a line becomes ---

    def test_a_line_of_json_becomes_an_event_with_its_fields_and_a_proposal(self):
        rules = r"""
rules:
  - id: out-of-memory
    on: log
    where: {severity: {ge: high}, data.msg: '/out of (?<what>\w+)/'}
    key: [service, host]
    title: "{{service}} on {{host}} is out of {{what}}"
"""
        vedette = self.begin("format: json\nservice: shop", rules=rules)
        self.write('{"ts": "2026-11-29T10:00:00.5Z", "level": "error", "msg": "out of memory", "host": "web-1", "n": 7}\n{"level": "info", "msg": "out of memory"}\nno json: error\n')
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(proposal["title"], "shop on web-1 is out of memory")
        event = vedette.items("events")[0]
        self.assertEqual({name: event[name] for name in ("kind", "type", "watcher", "subject", "service", "host", "severity", "time", "offset", "source")},
                         {"kind": "log", "type": "log.line", "watcher": "app", "subject": "app", "service": "shop", "host": "web-1", "severity": "high",
                          "time": "2026-11-29T10:00:00.500Z", "offset": 0, "source": f"file://{self.logs}/app.log"})
        self.assertEqual(event["data"]["n"], 7)
        self.assertEqual(len(vedette.items("events")), 1)  # what no rule wants is not kept
        self.assertEqual(vedette.metric("vedette_events_total", watcher="app", kind="log"), 3)

    def test_a_stack_trace_is_one_event(self):
        rules = "rules:\n  - {id: trace, on: log, match: '/^\\S+ ERROR(?s:.*)at (?<test>\\w+)$/', key: [test], mode: observe}\n"
        vedette = self.begin("multiline: {first: '/^\\d{4}-/', wait: 200ms}", rules=rules)
        self.write("2026-11-29 ERROR it broke\n  at one\n  at two\n2026-11-29 INFO on it goes\n2026-11-29 ERROR again\n  at three\n")
        wait_until(lambda: len(vedette.items("signals")) == 2, "both traces are there")
        self.assertEqual({found["key"][0] for found in vedette.items("signals")}, {"two", "three"})
        self.assertIn("2026-11-29 ERROR it broke\n  at one\n  at two", [event["text"] for event in vedette.items("events")])

    def test_t12_a_line_without_end_is_cut_marked_and_counted_and_the_next_one_is_whole(self):
        vedette = self.begin()
        self.write(" n=1 " + "x" * 1_000_000 + " n=99 \n n=2 y\n")
        self.wait_for_count(vedette, 2)
        first = next(event for event in vedette.items("events") if "n=1 " in event["text"])
        self.assertEqual((first["truncated"], len(first["text"])), (True, 65536))
        wait_until(lambda: vedette.metric("vedette_log_lines_truncated_total", watcher="app") == 1, "it is counted")

    def test_t14_bytes_that_are_no_utf8_are_matched_and_shown(self):
        vedette = self.begin()
        self.write(b"caf\xe9 n=5 \xff\xfe\n")
        self.wait_for_count(vedette, 1)
        self.assertEqual(vedette.items("events")[0]["text"], r"caf\xe9 n=5 \xff\xfe")
        self.assertIn(r"caf\xe9 n=5", vedette.cli("events", check=0).stdout)

    def test_t11_a_last_line_without_its_end_waits_and_is_told_once(self):
        vedette = self.begin("last_line: 300ms")
        self.write("a n=1")
        self.wait_for_count(vedette, 1)
        self.assertEqual(vedette.items("events")[0]["partial"], True)
        self.write("23\nb n=2 c\n")
        self.wait_for_count(vedette, 2)
        self.assertEqual([event["text"] for event in vedette.items("events")], ["b n=2 c", "a n=1"])

    def begin_piped(self, watcher='  - log: ["-"]\n    name: piped\n', **options):
        """A daemon whose standard input is a pipe, and the pipe's other end."""
        vedette = self.begin(config=with_watcher(watcher), start=False, **options)
        reader, writer = os.pipe()
        vedette.kept = [reader]
        vedette.wrapper = ["sh", "-c", f'exec "$@" <&{reader}', "sh"]
        try:
            vedette.start()
        finally:
            os.close(reader)
        return vedette, writer

    def reload_with(self, vedette, before, after):
        vedette.config_path.write_text(vedette.config_path.read_text().replace(before, after))
        vedette.cli("reload", check=0)
        vedette.wait_for_log("logs are followed anew")

    def test_standard_input_is_read_to_its_end(self):
        vedette, writer = self.begin_piped()
        os.write(writer, b"x n=1 y\nx n=2")
        self.wait_for_count(vedette, 1)
        os.close(writer)
        self.wait_for_count(vedette, 2)
        wait_until(lambda: "ended" in self.watcher(vedette, "piped").get("trouble", ""), "its end is told")

    def test_a_line_of_standard_input_that_began_before_a_reload_ends_after_it(self):
        vedette, writer = self.begin_piped()
        os.write(writer, b"x n=1 y\nx n=2")
        self.wait_for_count(vedette, 1)
        self.reload_with(vedette, "name: piped\n", "name: piped\n    service: shop\n")
        os.write(writer, b"0 end of it\nx n=3 y\n")
        self.wait_for_count(vedette, 3)
        self.assertEqual([(event["text"], event.get("service")) for event in vedette.items("events")][:2], [("x n=3 y", "shop"), ("x n=20 end of it", "shop")])
        self.assertEqual(vedette.metric_or_none("vedette_log_lost_bytes_total"), 0)
        os.close(writer)

    def test_what_waits_of_standard_input_is_told_when_nobody_reads_on(self):
        both = '  - log: ["-"]\n    name: piped\n  - {log: [/nonexistent/app.log], name: file}\n'
        vedette, writer = self.begin_piped(both)
        os.write(writer, b"x n=1 y\nx n=2 z")
        self.wait_for_count(vedette, 1)
        self.reload_with(vedette, '  - log: ["-"]\n    name: piped\n', "")
        self.wait_for_count(vedette, 2)
        self.assertEqual(vedette.items("events")[0]["text"], "x n=2 z")
        os.close(writer)

    def test_what_waits_of_standard_input_is_told_when_the_daemon_stops(self):
        vedette, writer = self.begin_piped()
        os.write(writer, b"x n=1 y\nx n=2 z")
        self.wait_for_count(vedette, 1)
        self.assertEqual(vedette.stop(), 0)
        os.close(writer)
        vedette.wrapper = []
        vedette.start()
        self.wait_for_count(vedette, 2)

    # --- once, whatever happens ---

    def test_t26_after_kill_9_every_line_is_counted_once(self):
        vedette = self.begin()
        n = 0
        for _ in range(6):
            self.write_numbers(n + 1, n + 200)
            wait_until(lambda: self.count(vedette) > n, "some are counted")
            self.write_numbers(n + 201, n + 400)
            n += 400
            vedette.restart()
        self.wait_for_count(vedette, n)
        vedette.stop()
        vedette.start()
        self.wait_for_count(vedette, n)

    def test_t26_an_end_in_the_middle_of_a_commit_loses_and_repeats_no_line(self):
        for place in ("lines.before-commit", "lines.after-commit", "accept.before-commit", "fold.event", "fold.before-commit", "fold.after-commit"):
            for hit in (1, 2, 3):
                with self.subTest(place=place, hit=hit):
                    shutil.rmtree(self.directory / "logs", ignore_errors=True)
                    vedette = self.begin(start=False)
                    vedette.start(wait=False, crash_at=f"{place}:{hit}")
                    n = 0
                    while n < 100 and vedette.process.poll() is None:
                        n += 1
                        self.write_numbers(n, n)
                        wait_until(lambda: vedette.process.poll() is not None or "public" in vedette.addresses and self.counted_or_gone(vedette, n), "it is counted, or the end")
                    vedette.kill()
                    vedette.start()
                    self.wait_for_count(vedette, n)
                    vedette.stop()

    def counted_or_gone(self, vedette, n):
        try:
            return self.count(vedette) >= n
        except OSError:
            return True

    def test_t26_a_line_that_ends_the_process_is_set_aside_and_the_others_go_on(self):
        vedette = self.begin(start=False)
        self.write_numbers(1, 3)
        for _ in range(6):  # each start dies where it folds
            vedette.start(wait=False, crash_at="fold.event:1")
            wait_until(lambda: vedette.process.poll() is not None or vedette.metric_or_none("vedette_events_dead_total"), "it died, or gave the line up")
            if vedette.process.poll() is None:
                break
        vedette.wait_for_log(rf'lines kept aside: .* watcher=app path="{self.logs}/app\.log" offset=0 lines=3 ')
        self.assertEqual(vedette.metric("vedette_events_dead_total", watcher="app"), 3)
        vedette.kill()
        vedette.start()
        wait_until(lambda: vedette.items("events", state="dead"), "it is among the dead")
        self.write_numbers(4, 6)
        wait_until(lambda: self.count(vedette) == 3, "the others are counted")

    def test_lines_that_no_rule_wants_cost_one_write_a_second(self):
        vedette = self.begin()
        self.write("nothing\n")
        wait_until(lambda: self.watcher(vedette)["n_lines"] == 1, "it is read")
        before = vedette.metric("vedette_commit_seconds_count")
        pause = threading.Event()
        for _ in range(60):
            self.write("nothing of interest\n" * 50)
            pause.wait(0.05)
        wait_until(lambda: self.watcher(vedette)["n_lines"] == 3001, "all are read")
        self.assertLessEqual(vedette.metric("vedette_commit_seconds_count") - before, 6)
        self.assertEqual(vedette.items("events"), [])

    def test_a_known_position_is_kept_when_the_file_rotates_while_it_is_down(self):
        vedette = self.begin()
        self.write_numbers(1, 10)
        self.wait_for_count(vedette, 10)
        vedette.stop()
        self.write_numbers(11, 20)
        (self.logs / "app.log").rename(self.logs / "app.log.1")
        self.write_numbers(21, 30)
        vedette.start()
        self.wait_for_count(vedette, 30)

    def test_t03_what_is_gone_is_told_with_its_bytes(self):
        vedette = self.begin()
        self.write_numbers(1, 10)
        self.wait_for_count(vedette, 10)
        vedette.stop()
        vedette.start()
        wait_until(lambda: self.watcher(vedette)["n_files"] == 1, "it is followed")
        vedette.freeze()
        self.write_numbers(11, 20)
        os.truncate(self.logs / "app.log", 0)
        self.write_numbers(21, 22)
        vedette.signal(signal.SIGCONT)
        wait_until(lambda: self.count(vedette) == 12, "what can be read is counted")

    # --- where something stands in the way ---

    def test_s03_t25_a_full_disk_makes_lines_wait_in_their_file_until_there_is_room(self):
        disk = Disk(self, self.directory, 64)
        vedette = self.begin(config_state=f"{disk.path}/state")
        self.write_numbers(1, 10)
        self.wait_for_count(vedette, 10)
        ballast = disk.fill()
        for n in range(20):
            self.write("".join(f"x n={11 + n * 50 + i} {'y' * 20000}\n" for i in range(50)))  # more than waits in memory
        vedette.wait_for_log("error .*full")
        self.assertLess(self.count(vedette), 1010)
        app = dict(watcher="app", path=f"{self.logs}/app.log")
        wait_until(lambda: vedette.metric("vedette_log_file_lag_bytes", **app), "the file is said to be behind")
        lagging = self.watcher(vedette)
        self.assertGreater(lagging["files"][0]["lag_bytes"], 0)
        self.assertEqual(lagging["lag_bytes"], lagging["files"][0]["lag_bytes"])
        ballast.unlink()
        self.wait_for_count(vedette, 1010)
        wait_until(lambda: vedette.metric("vedette_log_file_lag_bytes", **app) is None, "it is not any more")
        self.assertEqual(vedette.metric("vedette_log_lag_bytes", watcher="app"), 0)

    def as_nobody(self, **options):
        """A daemon that is not root: to it, permissions mean something."""
        if os.geteuid() or not shutil.which("setpriv"):
            self.skipTest("needs root and setpriv")
        vedette = self.begin(start=False, wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], **options)
        os.chmod(self.directory, 0o755)
        for path in (vedette.directory, *vedette.directory.rglob("*"), self.logs):
            os.chown(path, 65534, 65534)
        return vedette

    def test_t20_a_file_that_may_not_be_read_is_told_with_the_remedy_and_is_read_when_it_may(self):
        vedette = self.as_nobody()
        self.write_numbers(1, 3)
        os.chmod(self.logs / "app.log", 0)
        os.chown(self.logs / "app.log", 0, 0)
        vedette.start()
        trouble = wait_until(lambda: self.watcher(vedette).get("trouble"), "it is told")
        self.assertRegex(trouble, r"app\.log: no permission.*(group|ACL)")
        wait_until(lambda: vedette.items("signals", rule="watchers", state="firing"), "rules can ask for it")
        self.assertIn("cannot be watched", vedette.items("signals", rule="watchers")[0]["title"])
        self.assertIn("no permission", vedette.cli("status", check=0).stdout)
        os.chmod(self.logs / "app.log", 0o644)
        self.wait_for_count(vedette, 3)
        wait_until(lambda: vedette.items("signals", rule="watchers", state="resolved"), "that it is over is told, too")
        self.assertNotIn("trouble", self.watcher(vedette))

    def test_t20_a_directory_that_is_not_there_is_waited_for(self):
        self.logs = self.directory.resolve() / "logs"
        vedette = self.begin(config=with_watcher(f'  - log: ["{self.directory.resolve()}/later/*/app.log"]\n    name: app\n'))
        wait_until(lambda: vedette.metric("vedette_log_files", watcher="app") == 0, "it looks")
        self.logs = self.directory.resolve() / "later" / "deep"
        self.logs.mkdir(parents=True)
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)

    def test_t21_where_the_kernel_takes_no_watches_files_are_scanned_and_that_is_told(self):
        without = ["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"]
        if subprocess.run(without + ["true"], capture_output=True).returncode:
            self.skipTest("no user namespaces here")
        vedette = self.begin(wrapper=without)
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        self.assertIn("max_user_instances", self.watcher(vedette)["trouble"])
        (self.logs / "app.log").rename(self.logs / "app.log.1")
        self.write_numbers(4, 6)
        self.wait_for_count(vedette, 6)

    def test_a_scan_as_configured_needs_no_inotify(self):
        vedette = self.begin("scan: 200ms")
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        self.write_numbers(4, 5)
        self.wait_for_count(vedette, 5)
        self.assertNotIn("trouble", self.watcher(vedette))

    def test_t17_a_link_that_somebody_else_planted_is_not_followed(self):
        if os.geteuid():
            self.skipTest("needs root")
        vedette = self.begin()
        secret = self.directory / "secret"
        secret.write_text("x n=1 secret\n")
        (self.directory / "planted").symlink_to(secret)
        os.chown(self.directory / "planted", 65534, 65534, follow_symlinks=False)
        (self.directory / "planted").rename(self.logs / "planted.log")
        trouble = wait_until(lambda: self.watcher(vedette).get("trouble"), "it is told")
        self.assertIn("symbolic link", trouble)
        self.write_numbers(2, 2)
        self.wait_for_count(vedette, 1)

    def test_t16_the_target_of_a_link_is_swapped_and_both_are_read_to_their_end(self):
        vedette = self.begin()
        (self.logs / "current.log").symlink_to(self.logs / "one")
        self.write_numbers(1, 3, "one")
        self.wait_for_count(vedette, 3)
        (self.logs / "new").symlink_to(self.logs / "two")
        self.write_numbers(4, 6, "two")
        self.write_numbers(7, 7, "one")
        (self.logs / "new").rename(self.logs / "current.log")
        self.wait_for_count(vedette, 7)
        self.write_numbers(8, 9, "two")
        self.wait_for_count(vedette, 9)

    # --- itself ---

    def test_p06_its_own_log_is_never_read(self):
        vedette = self.begin(start=False)
        own = self.logs / "vedette.log"
        vedette.wrapper = ["sh", "-c", f'exec "$@" 2>>{own}', "sh"]
        vedette.start(wait=False)
        wait_until(lambda: own.exists() and "listening name=public" in own.read_text(), "it runs")
        for name, address in re.findall(r"listening name=(\S+) address=(\S+)", own.read_text()):
            vedette.addresses[name] = address
        self.write_numbers(1, 2)
        self.wait_for_count(vedette, 2)
        self.assertRegex(own.read_text(), "own log")
        self.assertEqual(self.watcher(vedette)["n_files"], 1)
        self.assertEqual(self.watcher(vedette)["n_left_alone"], 1)

    def test_t23_a_compressed_file_in_the_glob_is_left_alone_by_one_note_and_is_no_trouble(self):
        vedette = self.begin()
        (self.logs / "packed.log").write_bytes(gzip.compress(b"no 1 one\nno 2 two\n"))
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        wait_until(lambda: any("left alone: it is compressed" in line for line in vedette.lines), "it is said")
        watcher = self.watcher(vedette)
        self.assertEqual((watcher["n_files"], watcher["n_left_alone"]), (1, 1))
        self.assertNotIn("trouble", watcher)
        self.assertIn("1 not read", vedette.cli("status").stdout)
        self.assertEqual(sum("left alone" in line for line in vedette.lines), 1)
        (self.logs / "packed.log").unlink()
        wait_until(lambda: "n_left_alone" not in self.watcher(vedette), "it is gone")

    def test_p06_a_line_of_its_own_that_turns_up_elsewhere_is_known_by_its_mark_and_a_forged_mark_hides_nothing(self):
        rules = "rules:\n  - {id: all, on: log, match: '/./', key: [watcher], mode: observe, clear: never}\n"
        vedette = self.begin(rules=rules)
        own = vedette.wait_for_log("started version=.* mark=")
        self.write(f"Nov 29 10:00:00 web-1 vedette[12]: {own}\n")
        mark = own.split(" mark=")[1]
        self.write(f"Nov 29 10:00:00 web-1 login: root logged in mark={mark}\n")
        wait_until(lambda: self.watcher(vedette)["n_lines"] == 2, "both are read")
        wait_until(lambda: self.count(vedette, "all") == 1, "one is an event")
        self.assertIn("root logged in", vedette.items("events")[0]["text"])

    def test_a_silent_watcher_is_an_event_and_so_is_its_return(self):
        vedette = self.begin("silent: 1s")
        fired = wait_until(lambda: vedette.items("signals", rule="watchers", state="firing"), "its silence is told")
        self.assertEqual((fired[0]["key"], fired[0]["title"]), (["app"], "watcher app is silent"))
        silence = vedette.items("events", kind="vedette.watcher.silent")[0]
        self.assertEqual((silence["kind"], silence["watcher"], silence["state"]), ("vedette.watcher", "app", "failing"))
        self.write("hello\n")
        wait_until(lambda: vedette.items("signals", rule="watchers", state="resolved"), "its return is told")

    def test_t20_of_two_broken_files_one_repaired_is_no_return_of_the_watcher(self):
        vedette = self.as_nobody()
        for name in ("one.log", "two.log"):
            self.write_numbers(1, 1, name)
            os.chmod(self.logs / name, 0)
        vedette.start()
        wait_until(lambda: vedette.items("signals", rule="watchers", state="firing"), "it is told")
        self.assertEqual(self.watcher(vedette)["n_troubles"], 2)
        os.chmod(self.logs / "one.log", 0o644)
        self.wait_for_count(vedette, 1)
        wait_until(lambda: self.watcher(vedette)["n_troubles"] == 1, "one is left")
        os.chmod(self.logs / "two.log", 0o644)
        self.wait_for_count(vedette, 2)
        wait_until(lambda: vedette.items("signals", rule="watchers", state="resolved"), "its return is told")
        told = [event["type"] for event in vedette.items("events", kind="vedette.watcher.*")]
        self.assertEqual(told, ["vedette.watcher.back", "vedette.watcher.broken"])  # the newest first

    def test_s03_what_is_told_of_a_watcher_while_the_disk_is_full_is_told_as_it_is_then(self):
        disk = Disk(self, self.directory, 16)
        vedette = self.begin("silent: 1s", config_state=f"{disk.path}/state")
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        wait_until(lambda: vedette.items("signals", rule="watchers", state="firing"), "its silence is told")
        ballast = disk.fill()
        self.write("hello\n")
        vedette.wait_for_log("not told to the rules yet")
        ballast.unlink()
        wait_until(lambda: vedette.items("signals", rule="watchers", state="firing"), "it is silent once more")
        self.write("hello\n")
        wait_until(lambda: vedette.items("signals", rule="watchers", state="resolved"), "its return is told")

    # --- changes ---

    def test_a_reload_follows_other_files_and_forgets_no_position(self):
        vedette = self.begin()
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        (self.logs / "more").mkdir()
        vedette.config_path.write_text(vedette.config_path.read_text().replace('/*.log"]', f'/*.log", "{self.logs}/more/*.txt"]'))
        vedette.cli("reload", check=0)
        self.write_numbers(4, 6, "more/other.txt")
        self.write_numbers(7, 8)
        self.wait_for_count(vedette, 8)
        vedette.config_path.write_text(vedette.config_path.read_text().replace("name: app", "name: other"))
        vedette.cli("reload", check=0)
        wait_until(lambda: vedette.metric("vedette_log_files", watcher="other") == 2, "the files are those of another watcher")
        self.assertIsNone(vedette.metric("vedette_log_files", watcher="app"))

    def test_a_rule_that_is_new_sees_the_next_line(self):
        vedette = self.begin(rules="rules:\n  - {id: other, on: log, match: '/nothing/', mode: observe}\n")
        self.write_numbers(1, 3)
        wait_until(lambda: self.watcher(vedette)["n_lines"] == 3, "they are read")
        vedette.write("rules.d/log.yaml", RULES)
        vedette.cli("reload", check=0)
        self.write_numbers(4, 5)
        self.wait_for_count(vedette, 2)

    def test_r13_a_large_set_is_loaded_anew_while_lines_flow_and_none_is_lost(self):
        many = "".join(f"  - {{id: service-{n}, on: log, match: '/service-{n}: (?:error|fatal) .*code (?<code>[0-9]+)/', mode: observe}}\n" for n in range(2000))
        vedette = self.begin(rules=RULES + many)
        over = threading.Event()
        n_written, n_answers = [0], [0]

        def flow():
            while not over.is_set():
                self.write_numbers(n_written[0] + 1, n_written[0] + 2)
                self.write("2026-11-29T10:00:00Z of no interest\n" * 50)
                n_written[0] += 2
                n_answers[0] += vedette.api("/api/v1/status").status == 200

        flowing = threading.Thread(target=flow)
        flowing.start()
        try:
            for i in range(3):
                before, counted = n_answers[0], self.count(vedette)
                vedette.write("rules.d/more.yaml", "rules:\n" + f"  - {{id: more-{i}, on: log, match: '/more-{i};/', mode: observe}}\n")
                self.assertIn("2003 rules: 1 added", vedette.cli("reload", check=0).stdout)
                wait_until(lambda: n_answers[0] > before + 1, "answers come")
                wait_until(lambda: self.count(vedette) > counted, "lines are counted")
        finally:
            over.set()
            flowing.join()
        self.write("2026-11-29T10:00:00Z service-1999: fatal error, code 7\n2026-11-29T10:00:00Z more-2;\n")
        wait_until(lambda: vedette.items("signals", rule="service-1999") and vedette.items("signals", rule="more-2"), "the last set is in force")
        self.wait_for_count(vedette, n_written[0])

    def test_the_status_says_how_far_each_file_is_read(self):
        vedette = self.begin()
        self.write_numbers(1, 3)
        self.wait_for_count(vedette, 3)
        size = (self.logs / "app.log").stat().st_size
        wait_until(lambda: self.watcher(vedette)["files"][0]["offset"] == size, "it is at the end")
        watcher = self.watcher(vedette)
        self.assertEqual((watcher["watcher"], watcher["n_files"], watcher["n_lines"], watcher["lag_bytes"], watcher["bytes"]), ("log", 1, 3, 0, size))
        self.assertRegex(vedette.cli("status", check=0).stdout, r"app: 1 file, 3 lines read, last ")
        self.assertEqual(vedette.metric("vedette_log_bytes_total", watcher="app"), size)

    def test_a_replay_of_the_file_makes_the_same_transitions_as_the_daemon(self):
        vedette = self.begin("format: logfmt", rules="rules:\n  - {id: slow, on: log, where: {data.took: {ge: 2s}}, key: [data.path], when: {count: 2, within: 1m}, mode: observe}\n")
        self.write("".join(f"time=2026-11-29T10:00:{i:02}Z path=/{'ab'[i % 2]} took={i}s\n" for i in range(6)))
        wait_until(lambda: len(vedette.items("signals", state="firing")) == 2, "both fire")
        lines = vedette.cli("replay", "--rules", "rules.d", "-c", str(vedette.config_path), "--log", f"app={self.logs}/app.log", check=0).stdout.splitlines()
        firing = [json.loads(line) for line in lines if '"firing"' in line]
        live = {tuple(found["key"]): (found["count"], found["first_seen"]) for found in vedette.items("signals")}
        self.assertEqual({tuple(found["key"]) for found in firing}, set(live))
        again = vedette.cli("replay", "--rules", "rules.d", "-c", str(vedette.config_path), "--log", f"app={self.logs}/app.log", check=0).stdout.splitlines()
        self.assertEqual(lines, again)


if __name__ == "__main__":
    import unittest
    unittest.main()
