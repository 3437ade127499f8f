"""The measures of tests/bench/README.md, printed a line each. Takes about half an hour; wants a quiet machine.

usage: run.py --vedette BINARY [--runs N] [--seconds S] [--log-rate L] [--log-seconds S] [--match-lines N] [--match-data DIR] [--directory DIR] [NAME...]

NAMEs pick some of: accept webhooks latency memory idle tail delay files click posts outage match cores growth rules peers truth keys. DIR is on the disk to be judged (default: beside the binary).
Ends with exit code 1 when a goal was missed.
"""
import argparse
import contextlib
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import fold_measures
import logs
import payload

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")
N_EVENTS = 100_000
N_PROPOSALS = 200
IDLE_SECONDS = 10
NAMES = ["accept", "webhooks", "latency", "memory", "idle", "tail", "delay", "files", "click", "posts", "outage",
         "match", "cores", "growth", "rules", "peers", "truth", "keys"]
GOALS = {"ratio": 0.3, "wake-ups": 1.0, "cpu": 0.05}

CONFIG = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
  - webhook: github
    secret_file: github.secret
actions:
  rerun:
    run: [/usr/bin/true, "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: external
people:
  jane: {token_file: jane.token}
approvers: {from: [jane], need: 1}
budget: none
store: {max: %(store_max)s}
%(more)s
# %(fixtures)s %(log)s %(actions)s
"""

RULE = """
rules:
  - id: ci-red
    on: ci.run
    where: {level: run, state: failing, branch: '/^(main|release\\/.+)$/'}
    key: [repo, branch, workflow]
    title: "{{workflow}} is red on {{branch}} of {{repo}}"
    diagnose:
      evidence:
        - changes: {within: 2h}
        - similar: 5
    propose:
      plan: [{do: rerun, with: {run: "{{run}}"}}]
"""


# --- programs ---


class Bare:
    """The bare server, compiled here."""

    def __init__(self, directory):
        self.binary = directory / "bare_server"
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmicrohttpd", "lmdb"], check=True, capture_output=True, text=True).stdout.split()
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", str(self.binary), str(HERE / "bare_server.c"), *flags], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def arguments(self):
        return []

    def __enter__(self):
        self.process = subprocess.Popen([str(self.binary), str(self.port), *self.arguments()], stdin=subprocess.PIPE)
        for _ in range(500):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            time.sleep(0.01)
        raise RuntimeError("the bare server does not listen")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    @property
    def pid(self):
        return self.process.pid


@contextlib.contextmanager
def daemon(parent, config=CONFIG, rules=None, files=None):
    import harness
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-", dir=parent))
    running = harness.Vedette(directory, config=config, rules=rules or {"ci.yaml": RULE}, store_max="16GB")
    for name, text in (files or {}).items():
        running.write(name, text)
    try:
        yield running.start()
    except Exception:
        print("\n".join(running.lines[-20:]), file=sys.stderr)
        raise
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


# --- what is read of a process ---


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_of(path, name):
    return int(re.search(rf"^{name}:\s+(\d+)", path.read_text(), re.M)[1])


def wake_ups(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += status_of(task / "status", "voluntary_ctxt_switches")
    return total


def private_mb(pid):
    """RssAnon: the store is a mapped file, and what is cached of it counts in RSS."""
    return status_of(pathlib.Path(f"/proc/{pid}/status"), "RssAnon") / 1024


# --- load ---


class Load:
    """wrk, and what it says."""

    n_runs = 0

    def __init__(self, directory, secret):
        bodies = payload.many()
        self.n_bytes = len(bodies[0])
        paths = [directory / f"{number}.body" for number in range(len(bodies))]
        for path, body in zip(paths, bodies):
            path.write_bytes(hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() + b"\n" + body)
        self.env = dict(os.environ, BENCH_BODIES=":".join(map(str, paths)))

    def run(self, url, seconds, pid, rate=None):
        """As fast as it goes, or evenly so many a second."""
        Load.n_runs += 1
        before = cpu_seconds(pid)
        command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(HERE / "deliveries.lua"), url]
        env = dict(self.env, BENCH_RUN=f"run-{os.getpid()}-{Load.n_runs}")
        if rate:
            env["BENCH_RATE"] = str(rate // 2)  # of each of two threads
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
        return Result(said, cpu_seconds(pid) - before)


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Result:
    def __init__(self, said, cpu):
        self.n_requests = int(re.search(r"(\d+) requests in", said)[1])
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
        self.p50 = milliseconds(re.search(r"\n\s+50%\s+(\S+)", said)[1])
        self.p99 = milliseconds(re.search(r"\n\s+99%\s+(\S+)", said)[1])
        self.cpu_us = cpu * 1e6 / max(self.n_requests, 1)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        self.n_refused = int(refused[1]) if refused else 0
        errors = re.search(r"Socket errors:.*", said)
        if errors:
            print(f"  wrk: {errors[0]}", flush=True)


def median(results, name):
    return statistics.median(getattr(result, name) for result in results)


def wait_until_folded(running, patience=240):
    """Seconds until everything that was accepted has been folded."""
    begun = time.monotonic()
    while running.metric("vedette_fold_lag"):
        if time.monotonic() - begun > patience:
            raise RuntimeError(f"{running.metric('vedette_fold_lag'):.0f} deliveries not folded after {patience} s")
        time.sleep(0.05)
    return time.monotonic() - begun


# --- the measures ---


def fdatasyncs(parent):
    """Milliseconds of 300, the shortest first."""
    path = pathlib.Path(parent) / "fdatasync"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(300):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1000)
    path.unlink()
    return sorted(took)


def measure_disk(parent):
    took = fdatasyncs(parent)
    print(f"disk: fdatasync of 4 KB p50={took[150]:.2f} ms p99={took[297]:.2f} ms   load average={os.getloadavg()[0]:.1f} cpus={os.cpu_count()}", flush=True)


def show_accept(name, results, n_bytes):
    rates = " ".join(f"{result.rate:.0f}" for result in results)
    print(f"accept: {name:8}{median(results, 'rate'):7.0f}/s of {n_bytes} bytes  p50={median(results, 'p50'):.2f} ms p99={median(results, 'p99'):.2f} ms  "
          f"{median(results, 'cpu_us'):.1f} µs of server CPU each  runs={rates}  not 2xx={sum(result.n_refused for result in results)}", flush=True)


def measure_accept(options, secret):
    """Bare and vedette in turns, so that what else the machine does falls on both; the ratio is of neighbours."""
    bare_results, results, lags, waits = [], [], [], []
    load = Load(options.directory, secret)
    bare = Bare(options.directory)
    with daemon(options.directory) as running:
        for _ in range(options.runs):
            with bare:
                bare_results.append(load.run(f"http://127.0.0.1:{bare.port}/hooks/github", options.seconds, bare.pid))
            results.append(load.run(f"http://{running.addresses['public']}/hooks/github", options.seconds, running.pid))
            lags.append(running.metric("vedette_fold_lag") or 0)
            waits.append(wait_until_folded(running))
        n_folded = running.metric("vedette_events_total") or 0
        n_matches = running.metric("vedette_matches_total") or 0  # half of the runs are green
    n_accepted = sum(result.n_requests - result.n_refused for result in results)
    ratios = [of.rate / limit.rate for of, limit in zip(results, bare_results)]
    ratio = statistics.median(ratios)
    show_accept("bare", bare_results, load.n_bytes)
    show_accept("vedette", results, load.n_bytes)
    print(f"accept: ratio {ratio:.3f} (goal {GOALS['ratio']}; {' '.join(f'{each:.3f}' for each in ratios)})  at the end of a run {statistics.median(lags):.0f} were not folded yet, "
          f"{statistics.median(waits):.1f} s later all were; {n_accepted} answered 2xx, {n_folded:.0f} folded, {n_matches:.0f} matched", flush=True)
    return ratio >= GOALS["ratio"] and n_folded >= n_accepted and n_matches > 0 and not any(result.n_refused for result in results)


def proposals_seen(connection, headers):
    connection.request("GET", "/api/v1/proposals?limit=1", headers=headers)
    return connection.getresponse().read()


def measure_latency(options, secret):
    """One delivery after the other, each about another repository: a signal, a task, a diagnosis, a proposal each."""
    took = []
    with daemon(options.directory) as running:
        control = http.client.HTTPConnection(running.addresses["control"], timeout=10)
        public = http.client.HTTPConnection(running.addresses["public"], timeout=10)
        who = {"Authorization": "Bearer " + (running.directory / "jane.token").read_text()}
        for number in range(N_PROPOSALS):
            repo = f"acme/shop-{number:04d}-"
            body = payload.body(repo=repo, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
            headers = {"Content-Type": "application/json", "X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": f"latency-{number}",
                       "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
            begun = time.perf_counter()
            public.request("POST", "/hooks/github", body, headers)
            answer = public.getresponse()
            answer.read()
            if answer.status != 202:
                raise RuntimeError(f"not accepted: {answer.status}")
            while repo.encode() not in proposals_seen(control, who):
                if time.perf_counter() - begun > 10:
                    raise RuntimeError("no proposal within 10 s")
            took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    print(f"latency: POST to proposal in the API  p50={statistics.median(took):.1f} ms p99={took[int(len(took) * 0.99) - 1]:.1f} ms "
          f"max={took[-1]:.1f} ms  of {len(took)}", flush=True)
    return True


def measure_idle(running):
    cpu, wakes = cpu_seconds(running.pid), wake_ups(running.pid)
    time.sleep(IDLE_SECONDS)
    cpu, wakes = cpu_seconds(running.pid) - cpu, wake_ups(running.pid) - wakes
    percent = cpu * 100 / IDLE_SECONDS
    print(f"idle: {percent:.1f} % CPU, {wakes / IDLE_SECONDS:.1f} wake-ups/s over {IDLE_SECONDS} s", flush=True)
    return percent <= GOALS["cpu"] and wakes / IDLE_SECONDS <= GOALS["wake-ups"]


def measure_memory(options, secret, with_idle):
    load = Load(options.directory, secret)
    n_accepted = 0
    with daemon(options.directory) as running:
        at_start = private_mb(running.pid)
        url = f"http://{running.addresses['public']}/hooks/github"
        while n_accepted < N_EVENTS:
            result = load.run(url, 2, running.pid)
            n_accepted += result.n_requests - result.n_refused
        under_load = private_mb(running.pid)
        wait_until_folded(running)
        print(f"memory: RssAnon {at_start:.1f} MB at the start, {under_load:.1f} MB after {n_accepted} events under load, "
              f"{private_mb(running.pid):.1f} MB when they are folded", flush=True)
        return measure_idle(running) if with_idle else True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", required=True, type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--directory", type=pathlib.Path)
    parser.add_argument("--log-rate", type=int, default=100_000)
    parser.add_argument("--log-seconds", type=float, default=30)
    parser.add_argument("--match-lines", type=int, default=1_000_000)
    parser.add_argument("--match-data", type=pathlib.Path)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []])
    options = parser.parse_args()
    names = options.names or NAMES
    os.environ["VEDETTE"] = str(options.vedette.resolve())
    from harness import GITHUB_SECRET
    import match_measures
    import slack_measures
    import webhook_measures
    options.directory = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.directory or options.vedette.resolve().parent))
    held = True
    try:
        measure_disk(options.directory)
        if "accept" in names:
            held &= measure_accept(options, GITHUB_SECRET)
        if "latency" in names:
            held &= measure_latency(options, GITHUB_SECRET)
        if "memory" in names or "idle" in names:
            held &= measure_memory(options, GITHUB_SECRET, "idle" in names)
        for name, measure in (("webhooks", webhook_measures.measure_webhooks), ("tail", logs.measure_tail), ("delay", logs.measure_delay), ("files", logs.measure_files),
                              ("click", slack_measures.measure_click), ("posts", slack_measures.measure_posts), ("outage", slack_measures.measure_outage),
                              ("match", match_measures.measure_match), ("cores", match_measures.measure_cores), ("growth", match_measures.measure_growth),
                              ("rules", match_measures.measure_rules), ("peers", match_measures.measure_peers), ("truth", match_measures.measure_truth),
                              ("keys", fold_measures.measure_keys)):
            if name in names:
                held &= measure(options)
    finally:
        shutil.rmtree(options.directory, ignore_errors=True)
    print("goals: " + ("held" if held else "missed"))
    return 0 if held else 1


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]
    sys.exit(main())
