"""How fast webhooks are taken beside what else takes them, how long one waits for its answer, and whether folding keeps up."""
import contextlib
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

import payload
from folding_measures import measure_folding
from harness import AM_TOKEN, GITHUB_SECRET
from run import CONFIG, CONNECTIONS, HERE, RULE, Bare, Load, cpu_seconds, daemon, median, milliseconds, private_mb, wait_until_folded

GOALS = {"2KB": 0.25, "8KB": 0.3, "one by one": 8, "webhook": 3, "alertmanager": 2, "alone ms": 1, "answer ms": 1000}
BODIES = {"2KB": 2000, "8KB": 8000, "23KB": 23000}
MANY = 1000
IDLE = 10_000
N_ALONE = 200
STEADY_RATES = (1000, 2000, 4000)
STEADY_SECONDS = 5
MORE_WATCHERS = """
  - webhook: alertmanager
    token_file: alertmanager.token
limits: {connections: 12000}
actions:"""
WEBHOOK_HOOKS = """[{"id": "github", "execute-command": "/bin/true", "http-methods": ["POST"], "success-http-response-code": 202, "trigger-rule": {"and": [
  {"match": {"type": "payload-hmac-sha256", "secret": "%s", "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}},
  {"match": {"type": "value", "value": "none", "parameter": {"source": "payload", "name": "action"}}}]}}]"""


# --- requests ---


def request(path, body, headers):
    """As requests.lua takes it; where the number stands in no header it stands in the body, two bytes longer than its place."""
    n_bytes = len(body) + 2 * body.count(b"@NUMBER@")
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {n_bytes}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def github(body, event="workflow_run"):
    signature = hmac.new(GITHUB_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return request("/hooks/github", body, [f"X-GitHub-Event: {event}", "X-GitHub-Delivery: bench-@NUMBER@", f"X-Hub-Signature-256: sha256={signature}"])


def bearer(path, body, token):
    return request(path, body, [f"Authorization: Bearer {token}"])


class Requests:
    """wrk with these, and what it says. The longest answer is the time that a sender with a deadline would have to wait."""

    n_runs = 0

    def __init__(self, directory, name, requests):
        paths = [directory / f"{name}-{i}.request" for i in range(len(requests))]
        for path, text in zip(paths, requests):
            path.write_bytes(text)
        self.n_bytes = len(requests[0].split(b"\r\n\r\n", 1)[1])
        self.env = dict(os.environ, BENCH_REQUESTS=":".join(map(str, paths)))

    def run(self, port_or_address, seconds, pid, connections=CONNECTIONS):
        import run
        Requests.n_runs += 1
        address = port_or_address if ":" in str(port_or_address) else f"127.0.0.1:{port_or_address}"
        before = cpu_seconds(pid)
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(HERE / "requests.lua"), f"http://{address}/"]
        said = subprocess.run(command, env=dict(self.env, BENCH_RUN=str(Requests.n_runs)), capture_output=True, text=True, check=True).stdout
        result = run.Result(said, cpu_seconds(pid) - before)
        result.longest = milliseconds(re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", said)[1])
        return result


# --- peers ---


class OneByOne(Bare):
    """The bare server again, which commits each body on its own."""

    def __init__(self, directory):
        super().__init__(directory)
        self.store = directory / "one-by-one"

    def arguments(self):
        shutil.rmtree(self.store, ignore_errors=True)
        self.store.mkdir()
        return [str(self.store)]


@contextlib.contextmanager
def peer(name, directory, arguments):
    """A program that listens on a port of its own; None where it is not installed."""
    if not shutil.which(name):
        print(f"webhooks: {name} is not installed: left out", flush=True)
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(directory / f"{name}.log", "wb") as log:
        process = subprocess.Popen([name, *arguments(port)], stdout=log, stderr=log)
    process.port = port
    try:
        for _ in range(500):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def webhook(directory):
    """adnanh/webhook: verifies the signature, then a rule that never holds, so that it starts nothing. It stores nothing."""
    hooks = directory / "hooks.json"
    hooks.write_text(WEBHOOK_HOOKS % GITHUB_SECRET)
    return peer("webhook", directory, lambda port: ["-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port)])


def alertmanager(directory):
    config = directory / "alertmanager.yaml"
    config.write_text("route:\n  receiver: none\nreceivers:\n- name: none\n")
    return peer("prometheus-alertmanager", directory,
                lambda port: [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                              f"--storage.path={directory / 'alertmanager'}", "--log.level=error"])


# --- what is said ---


def fdatasync_ms(directory):
    import run
    return statistics.median(run.fdatasyncs(directory))


def show(name, results, n_bytes):
    rates = " ".join(f"{result.rate:.0f}" for result in results)
    print(f"webhooks: {name:22}{median(results, 'rate'):7.0f}/s of {n_bytes} bytes  p50={median(results, 'p50'):.2f} p99={median(results, 'p99'):.2f} "
          f"longest={max(result.longest for result in results):.0f} ms  {median(results, 'cpu_us'):.1f} µs of CPU each  runs={rates}  "
          f"not 2xx={sum(result.n_refused for result in results)}", flush=True)


def show_ratio(name, of, to, goal, disk_ms):
    ratios = [a.rate / b.rate for a, b in zip(of, to)]
    ratio = statistics.median(ratios)
    said = f"goal {goal}; " if goal else ""
    print(f"webhooks: {name}: ratio {ratio:.3f} ({said}{' '.join(f'{each:.3f}' for each in ratios)})  fdatasync p50={disk_ms:.2f} ms  "
          f"load average={os.getloadavg()[0]:.1f}", flush=True)
    return not goal or ratio >= goal


@contextlib.contextmanager
def listener(options, rules=None):
    with daemon(options.directory, config=CONFIG.replace("\nactions:", MORE_WATCHERS, 1), rules=rules or {"ci.yaml": RULE}) as running:
        yield running


def in_turns(options, running, load, others):
    """Vedette's runs and those of each other (requests, port, pid), one after the other, so that what else the machine does falls on all."""
    own, theirs = [], [[] for _ in others]
    for _ in range(options.runs):
        for results, (requests, port, pid) in zip(theirs, others):
            results.append(requests.run(port, options.seconds, pid))
        own.append(load.run(running.addresses["public"], options.seconds, running.pid))
        wait_until_folded(running)
    return own, theirs


# --- the measures ---


def measure_bodies(options):
    """Beside the bare server: 2, 8 and 23 KB."""
    held = True
    with listener(options) as running:
        for name, n_bytes in BODIES.items():
            load = Requests(options.directory, name, [github(body) for body in payload.many(n_bytes)])
            disk_ms = fdatasync_ms(options.directory)
            with Bare(options.directory) as bare:
                own, (theirs,) = in_turns(options, running, load, [(load, bare.port, bare.pid)])
            show(f"bare {name}", theirs, load.n_bytes)
            show(f"vedette {name}", own, load.n_bytes)
            held &= show_ratio(f"{name} beside a bare server", own, theirs, GOALS.get(name), disk_ms)
            held &= not any(result.n_refused for result in own)
    return held


def measure_beside(options):
    """Beside a commit for each request, beside webhook, and with an Alertmanager's alerts beside Alertmanager itself."""
    held = True
    directory = options.directory
    load = Requests(directory, "beside", [github(body) for body in payload.many(BODIES["8KB"])])
    alerts = Requests(directory, "alerts", [bearer("/hooks/alertmanager", payload.alerts(), AM_TOKEN)])
    posted = Requests(directory, "posted", [request("/api/v2/alerts", payload.posted_alerts(), [])])
    with listener(options) as running:
        disk_ms = fdatasync_ms(directory)
        with OneByOne(directory) as single:
            own, (theirs,) = in_turns(options, running, load, [(load, single.port, single.pid)])
        show("one commit each", theirs, load.n_bytes)
        show("vedette", own, load.n_bytes)
        held &= show_ratio("beside a commit for each", own, theirs, GOALS["one by one"], disk_ms)
        for name, made, mine, its in (("webhook", webhook, load, load), ("alertmanager", alertmanager, alerts, posted)):
            with made(directory) as process:
                if not process:
                    continue
                own, (theirs,) = in_turns(options, running, mine, [(its, process.port, process.pid)])
                show(name, theirs, its.n_bytes)
                show("vedette", own, mine.n_bytes)
                held &= show_ratio(f"beside {name}", own, theirs, GOALS[name], fdatasync_ms(directory))
    return held


def measure_waiting(options):
    """The answers of many senders at once; the longest of them is what a sender with a deadline of a second sees."""
    held = True
    load = Requests(options.directory, "waiting", [github(body) for body in payload.many(BODIES["8KB"])])
    with listener(options) as running:
        for connections in (CONNECTIONS, MANY):
            results = []
            for _ in range(options.runs):
                results.append(load.run(running.addresses["public"], options.seconds, running.pid, connections))
                wait_until_folded(running)
            show(f"{connections} connections", results, load.n_bytes)
            held &= max(result.longest for result in results) < GOALS["answer ms"] and not any(result.n_refused for result in results)
    return held


def post(connection, number):
    head, body = github(payload.body_of(BODIES["8KB"])).split(b"\r\n\r\n", 1)
    headers = dict(line.split(": ", 1) for line in head.decode().replace("@NUMBER@", str(number)).split("\r\n")[1:])
    begun = time.perf_counter()
    connection.request("POST", "/hooks/github", body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 202:
        raise RuntimeError(f"not accepted: {answer.status}")
    return (time.perf_counter() - begun) * 1000


def alone_ms(running, first, n_posts):
    connection = http.client.HTTPConnection(running.addresses["public"], timeout=30)
    took = sorted(post(connection, first + number) for number in range(n_posts))
    connection.close()
    return took


def show_alone(name, took, disk_ms):
    print(f"webhooks: {name}: answered in p50={statistics.median(took):.2f} p99={took[len(took) * 99 // 100]:.2f} ms of {len(took)}, "
          f"fdatasync p50={disk_ms:.2f} ms", flush=True)


def measure_lone(options):
    """One delivery after the other; then the same beside ten thousand connections that say nothing."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2 * IDLE + 1000, limit[1]), limit[1]))
    with listener(options) as running:
        disk_ms = fdatasync_ms(options.directory)
        took = alone_ms(running, 1_000_000, N_ALONE)
        show_alone("a lone one", took, disk_ms)
        held = statistics.median(took) <= disk_ms + GOALS["alone ms"]
        before = private_mb(running.pid)
        idle = idle_connections(running.addresses["public"])
        with_idle = private_mb(running.pid)
        show_alone(f"a lone one beside {len(idle)} idle connections", alone_ms(running, 2_000_000, N_ALONE), fdatasync_ms(options.directory))
        print(f"webhooks: RssAnon {before:.1f} MB, with {len(idle)} idle connections {with_idle:.1f} MB", flush=True)
        for connection in idle:
            connection.close()
    return held and len(idle) == IDLE


def idle_connections(address):
    """Each has asked something, since who connects and says nothing is cut."""
    host, port = address.rsplit(":", 1)
    idle = []
    for _ in range(IDLE):
        connection = socket.create_connection((host, int(port)), 10)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(4096)
        idle.append(connection)
    return idle


def measure_steady(options):
    """Deliveries that come evenly are folded as they come: at the end less than a second's worth waits."""
    load = Load(options.directory, GITHUB_SECRET)
    held = True
    for rate in STEADY_RATES:
        with daemon(options.directory) as running:
            result = load.run(f"http://{running.addresses['public']}/hooks/github", STEADY_SECONDS, running.pid, rate)
            lag = running.metric("vedette_fold_lag") or 0
        print(f"webhooks: evenly {rate}/s: {result.rate:.0f}/s for {STEADY_SECONDS} s  p50={result.p50:.2f} p99={result.p99:.2f}  {lag:.0f} not folded at the end "
              f"(goal: below {rate})  not 2xx={result.n_refused}", flush=True)
        held &= lag < rate and not result.n_refused
    return held


def measure_webhooks(options):
    held = True
    for measure in (measure_bodies, measure_beside, measure_waiting, measure_lone, measure_steady, measure_folding):
        held &= measure(options)
    return held
