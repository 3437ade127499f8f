"""The measures of logs: tailing at a steady rate, the delay from a line to its signal, ten thousand files. Called by run.py."""
import contextlib
import os
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

LINE_BYTES = 118
CHUNK_LINES = 1000
N_RULES = 1000
N_DELAYS = 300
N_FILES = 10_000
N_BUSY = 100
GOALS = {"delay_ms": 5.0, "rss_mb": 128.0}
WORDS = "accept bucket cache delta engine filter grant handler index journal kernel listen module native offset packet queue render socket thread update vector worker yield".split()

CONFIG = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
  - log: ["%(paths)s"]
    name: app
    start: beginning
people:
  jane: {token_file: jane.token}
approvers: {from: [jane], need: 1}
budget: none
store: {max: 16GB}
"""


def phrase(number):
    """Words that only the lines of this rule hold."""
    dice = random.Random(number)
    return f"{dice.choice(WORDS)} {dice.choice(WORDS)} refused {number:04d}"


def rules(n_rules):
    """Like what people write: a literal, a capture, a key; each twentieth with an alternation, each seventh whatever the case."""
    texts = ["rules:"]
    for number in range(n_rules):
        flags = "i" if number % 7 == 0 else ""
        tail = r"(?:timeout|reset)" if number % 20 == 0 else "timeout"
        texts.append(rf"  - {{id: r{number}, on: log, match: '/{phrase(number)} by (?<who>\w+): {tail}/{flags}', key: [who], mode: observe, when: {{count: 1000000, within: 1h}}}}")
    texts.append(r"  - {id: needle, on: log, match: '/needle (?<n>\d+) here/', key: [n], mode: observe}")
    return "\n".join(texts) + "\n"


def line(dice, match=None):
    text = f"2026-11-29T10:00:00Z web-{dice.randrange(9)} app[{dice.randrange(99999)}]: "
    text += f"{phrase(match)} by host{dice.randrange(50)}: timeout " if match is not None else " ".join(dice.choice(WORDS) for _ in range(7)) + " "
    return (text + "x" * LINE_BYTES)[:LINE_BYTES - 1] + "\n"


def chunks(n_chunks=20):
    """A thousand lines each, one of which matches a rule and five of which nearly do."""
    dice = random.Random(1)
    made = []
    for _ in range(n_chunks):
        lines = [line(dice) for _ in range(CHUNK_LINES)]
        lines[dice.randrange(CHUNK_LINES)] = line(dice, dice.randrange(N_RULES))
        for _ in range(5):
            lines[dice.randrange(CHUNK_LINES)] = line(dice, dice.randrange(N_RULES)).replace(" by ", " at ")
        made.append("".join(lines).encode())
    return made


class Writer(threading.Thread):
    """Appends to the files in turn at a steady rate; chunks, so that it costs little itself."""

    def __init__(self, paths, lines_a_second, seconds, lines_a_write=CHUNK_LINES):
        super().__init__()
        self.fds = [os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) for path in paths]
        self.pieces = [b"".join(chunk.splitlines(True)[:lines_a_write]) for chunk in chunks()]
        self.lines_a_write, self.rate, self.seconds, self.n_lines = lines_a_write, lines_a_second, seconds, 0

    def run(self):
        start, n = time.monotonic(), 0
        while (now := time.monotonic() - start) < self.seconds:
            while n * self.lines_a_write < now * self.rate:
                os.write(self.fds[n % len(self.fds)], self.pieces[n % len(self.pieces)])
                n += 1
            time.sleep(0.005)
        self.n_lines = n * self.lines_a_write
        for fd in self.fds:
            os.close(fd)


@contextlib.contextmanager
def daemon(parent, paths, n_rules=N_RULES, directory=None, keep=False):
    import harness
    directory = directory or pathlib.Path(tempfile.mkdtemp(prefix="vedette-", dir=parent))
    config = (CONFIG % {"paths": paths}).replace("%", "%%")
    running = harness.Vedette(directory, config=config, rules={"log.yaml": rules(n_rules)})
    try:
        yield running.start()
    finally:
        running.stop()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


def watcher(running):
    return next(found for found in running.api("/api/v1/status").json()["watchers"] if found["name"] == "app")


def wait_until(fact, what, patience=120):
    end = time.monotonic() + patience
    while not fact():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {patience} s: {what}")
        time.sleep(0.02)


def rss_mb(pid):
    from run import private_mb, status_of
    return status_of(pathlib.Path(f"/proc/{pid}/status"), "VmRSS") / 1024, private_mb(pid)


def tail_cpu(path, seconds):
    """What `tail -F` of the same file costs: the limit of whoever reads it at all."""
    from run import cpu_seconds
    with subprocess.Popen(["tail", "-F", "-n", "0", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        cpu = cpu_seconds(process.pid)
        process.terminate()
    return cpu / seconds


def measure_tail(options):
    from run import cpu_seconds
    with tempfile.TemporaryDirectory(prefix="logs-", dir=options.directory) as logs:
        path = pathlib.Path(logs) / "app.log"
        path.touch()
        with daemon(options.directory, f"{logs}/*.log") as running:
            writer = Writer([path], options.log_rate, options.log_seconds)
            before = cpu_seconds(running.pid)
            writer.start()
            limit = tail_cpu(path, min(10, options.log_seconds / 2))
            lags, memory = [], []
            while writer.is_alive():
                lags.append(watcher(running)["lag_bytes"])
                memory.append(rss_mb(running.pid))
                writer.join(1)
            share = (cpu_seconds(running.pid) - before) / options.log_seconds
            begun = time.monotonic()
            wait_until(lambda: watcher(running)["n_lines"] == writer.n_lines, "all lines are read")
            caught_up = time.monotonic() - begun
            n_matches = running.metric("vedette_matches_total") or 0
            rss, private = max(memory)
    expected = writer.n_lines // CHUNK_LINES
    print(f"tail: {options.log_rate} lines/s of {LINE_BYTES} bytes for {options.log_seconds} s, {N_RULES} rules: {share * 100:.0f} % of a CPU ({share / limit:.1f}x tail -F's {limit * 100:.0f} %), "
          f"lag median {statistics.median(lags) / 1024:.0f} KB max {max(lags) / 1024:.0f} KB, all read {caught_up:.2f} s after the end, RSS {rss:.0f} MB (anonymous {private:.0f} MB), "
          f"{n_matches:.0f} of {expected} matches", flush=True)
    return rss <= GOALS["rss_mb"] and n_matches == expected


class Stream:
    """Tells when a signal of the rule `needle` fires."""

    def __init__(self, running):
        host, port = running.addresses["control"].rsplit(":", 1)
        token = (running.directory / "jane.token").read_text()
        self.socket = socket.create_connection((host, int(port)), 30)
        self.socket.sendall(f"GET /api/v1/stream HTTP/1.0\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")

    def wait_for(self, number):
        wanted = f'"key":["{number}"]'.encode()
        for text in self.file:
            if wanted in text and b'"firing"' in text:
                return
        raise RuntimeError("the stream ended")


def append(path, text):
    with open(path, "ab", buffering=0) as file:
        file.write(text.encode())


def our_delays(options, logs, path):
    with daemon(options.directory, f"{logs}/*.log") as running:
        stream, took, dice = Stream(running), [], random.Random(3)
        wait_until(lambda: watcher(running)["n_files"] == 1, "it is followed")
        for number in range(N_DELAYS):
            time.sleep(dice.uniform(0.01, 0.03))
            begun = time.perf_counter()
            append(path, f"a needle {number} here\n")
            stream.wait_for(number)
            took.append((time.perf_counter() - begun) * 1000)
    return sorted(took)


def sec_delays(options, path):
    """SEC of Debian on the same file: its action appends to a file that is looked at in a loop."""
    if not shutil.which("sec"):
        return None
    out, config = options.directory / "sec.out", options.directory / "sec.conf"
    out.write_text("")
    config.write_text(f"type=Single\nptype=RegExp\npattern=needle (\\d+) here\ndesc=needle $1\naction=write {out} $1\n")
    took, dice = [], random.Random(3)
    with subprocess.Popen(["sec", f"--conf={config}", f"--input={path}", "--tail", "--debug=2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(2)
        for number in range(N_DELAYS // 5):
            time.sleep(dice.uniform(0.01, 0.03))
            begun = time.perf_counter()
            append(path, f"a needle {number} here\n")
            wanted = f"{number}\n"
            while not out.read_text().endswith(wanted):
                time.sleep(0.0005)
                if time.perf_counter() - begun > 5:
                    raise RuntimeError("sec does not answer")
            took.append((time.perf_counter() - begun) * 1000)
        process.terminate()
    return sorted(took)


def measure_delay(options):
    with tempfile.TemporaryDirectory(prefix="logs-", dir=options.directory) as logs:
        path = pathlib.Path(logs) / "app.log"
        path.touch()
        ours = our_delays(options, logs, path)
        peer = sec_delays(options, path)
    p50, p99 = statistics.median(ours), ours[int(len(ours) * 0.99) - 1]
    beside = f", SEC p50={statistics.median(peer):.1f} ms: {statistics.median(peer) / p50:.0f}x" if peer else ", SEC is not installed"
    print(f"delay: append to signal  p50={p50:.2f} ms p99={p99:.2f} ms max={ours[-1]:.2f} ms  of {len(ours)}{beside}", flush=True)
    return p50 < GOALS["delay_ms"]


def measure_files(options):
    from run import cpu_seconds, measure_idle
    with tempfile.TemporaryDirectory(prefix="logs-", dir=options.directory) as logs:
        state = pathlib.Path(tempfile.mkdtemp(prefix="vedette-", dir=options.directory))
        paths = []
        for i in range(N_FILES):
            path = pathlib.Path(logs) / f"d{i % 20}" / f"app-{i}.log"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"the first line of {i}\n")
            paths.append(path)
        pattern = f"{logs}/*/*.log"
        begun = time.monotonic()
        with daemon(options.directory, pattern, directory=state, keep=True) as running:
            wait_until(lambda: watcher(running)["n_lines"] >= N_FILES, "all are read")
            first = time.monotonic() - begun
            wait_until(lambda: running.metric("vedette_log_lag_bytes") == 0, "all is stored")
            time.sleep(2)
            writer = Writer(paths[:N_BUSY], 20_000, options.log_seconds / 3, lines_a_write=20)
            before = cpu_seconds(running.pid)
            writer.start()
            writer.join()
            share = (cpu_seconds(running.pid) - before) / (options.log_seconds / 3)
            wait_until(lambda: watcher(running)["n_lines"] == N_FILES + writer.n_lines, "all lines are read")
            rss, private = rss_mb(running.pid)
            time.sleep(2)
            idle = measure_idle(running)
        begun = time.monotonic()
        with daemon(options.directory, pattern, directory=state) as running:
            listening = time.monotonic() - begun
            append(paths[-1], "a needle 1 here\n")
            wait_until(lambda: running.items("signals", rule="needle"), "the first new line is a signal")
            known = time.monotonic() - begun
            n_lines = watcher(running)["n_lines"]
    print(f"files: {N_FILES} in the globs, {N_BUSY} busy with 20000 lines/s: {share * 100:.0f} % of a CPU, RSS {rss:.0f} MB (anonymous {private:.0f} MB); first start {first:.2f} s until all were read; "
          f"start with {N_FILES} known files: listening after {listening:.2f} s, a new line is a signal after {known:.2f} s ({n_lines} lines read)", flush=True)
    return idle and n_lines <= 2
