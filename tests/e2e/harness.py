"""Starts the real program on loopback, speaks to it from outside, and ends what it started by its own pid.

    class Story(VedetteTest):
        def test_a_failed_run_is_proposed(self):
            vedette = self.vedette(rules=RULES)
            vedette.send_github("workflow_run", payload)
            proposal = vedette.wait_for_proposal(state="open")

Nothing here sleeps to wait: wait_until asks for a fact again and again, up to a limit.
"""
import concurrent.futures
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("VEDETTE", ROOT / "build-test/src/vedette")).resolve()
PATIENCE = float(os.environ.get("VEDETTE_TEST_PATIENCE", "30"))
GITHUB_SECRET = "a github secret of the tests"
AM_TOKEN = "an alertmanager token of the tests"
DEPLOY_TOKEN = "a deploy token of the tests"
JANE = "a token that only jane holds"
JOHN = "a token that only john holds"

# A full configuration in the manner of a small team: jane and john may decide, visitors may look.
CONFIG = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
  - webhook: github
    secret_file: github.secret
  - webhook: alertmanager
    token_file: alertmanager.token
  - webhook: generic
    name: deploys
    token_file: deploys.token
    map: {kind: deploy, service: app.name, state: status, environment: env, title: message, id: delivery, time: at}
    states: {failing: [failed, error], ok: [succeeded]}
actions:
  rerun:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: external
    timeout: 10s
    hold: 1s
  look:
    run: [/usr/bin/printf, "looked at %%s\\n", "{{repo}}"]
    params: {repo: '/[A-Za-z0-9][\\w.-]*\\/[A-Za-z0-9][\\w.-]*/'}
    effect: none
%(actions)s
people:
  jane: {token_file: jane.token}
  john: {token_file: john.token}
  visitor: {token_file: visitor.token}
groups: {oncall: [jane, john]}
approvers: {from: [oncall], need: 1}
store: {max: %(store_max)s}
log: {level: debug}
%(more)s
"""

CI_RULE = """
rules:
  - id: ci-red
    on: ci.run
    where: {level: run, state: failing, branch: main}
    key: [repo, branch, workflow]
    severity: high
    title: "{{workflow}} is red on {{branch}} of {{repo}}"
    diagnose:
      evidence:
        - changes: {within: 2h}
        - do: look
          with: {repo: "{{repo}}"}
        - similar: 5
    propose:
      plan:
        - do: rerun
          with: {run: "{{run}}"}
          why: "The same commit passed before."
    verify: {quiet: 2s}
"""


def wait_until(fact, what, patience=PATIENCE):
    """Asks until `fact()` is true and returns it; fails after `patience` seconds."""
    pause = threading.Event()
    end = time.monotonic() + patience
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience} s: {what}")
        pause.wait(0.02)


def together(n, do):
    """Calls do(0) to do(n - 1) at the same time, each in a thread of its own, and returns what they return."""
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return list(pool.map(do, range(n)))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Vedette:
    """One running daemon and its directory."""

    def __init__(self, directory, config=CONFIG, rules=None, actions="", more="", store_max="1GB", env=None, wrapper=()):
        self.directory = pathlib.Path(directory)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "TZ": "UTC"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.env.update(env or {})
        self.wrapper = list(wrapper)
        self.kept = []  # descriptors that it is to find open
        self.sockets = []  # listening ones that are handed over as systemd does
        self.process = None
        self.lines = []
        self.addresses = {}
        self.config_path = self.directory / "vedette.yaml"
        self.step_log = self.directory / "steps.log"
        self.write("github.secret", GITHUB_SECRET)
        self.write("alertmanager.token", AM_TOKEN)
        self.write("deploys.token", DEPLOY_TOKEN)
        self.write("jane.token", JANE)
        self.write("john.token", JOHN)
        self.write("visitor.token", "a token that only a visitor holds")
        self.write("vedette.yaml", config % {
            "fixtures": ROOT / "tests/e2e/fixtures", "log": self.step_log, "actions": actions, "more": more, "store_max": store_max,
        })
        for name, text in (rules or {"ci.yaml": CI_RULE}).items():
            self.write(f"rules.d/{name}", text)

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # What a test is about is seldom how much people are asked.
        if name == "vedette.yaml" and "budget:" not in text:
            text += "\nbudget: none\n"
        path.write_text(text)
        path.chmod(0o600)
        return path

    # --- life ---

    def start(self, wait=True, crash_at=None, arguments=()):
        env = dict(self.env)
        if crash_at:
            env["VEDETTE_CRASH_AT"] = crash_at
        self.lines, self.addresses = [], {}
        self.process = subprocess.Popen(
            self.wrapper + self._handing_over() + [str(BINARY), "run", "-c", str(self.config_path), *arguments], env=env, cwd=self.directory,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            pass_fds=self.kept + [one.fileno() for one in self.sockets])
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        if wait:
            wait_until(lambda: "public" in self.addresses or self.process.poll() is not None, "the daemon listens")
            if self.process.poll() is not None:
                raise AssertionError("the daemon ended at once:\n" + "\n".join(self.lines[-30:]))
        return self

    def _handing_over(self):
        """A program that puts the sockets where systemd puts them, then becomes the next one (sd_listen_fds(3))."""
        if not self.sockets:
            return []
        numbers = [one.fileno() for one in self.sockets]
        code = ("import os, sys\n"
                f"kept = [os.dup(fd) for fd in {numbers}]\n"
                "for i, fd in enumerate(kept): os.dup2(fd, 3 + i, inheritable=True)\n"
                f"os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='{len(numbers)}')\n"
                "os.execv(sys.argv[1], sys.argv[1:])")
        return ["/usr/bin/python3", "-c", code]

    def _read(self, process):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.search(r"listening name=(\S+) address=(\S+)", line)
            if found:
                self.addresses[found.group(1)] = found.group(2)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return "\n".join(self.lines)

    def wait_for_log(self, pattern, patience=PATIENCE):
        return wait_until(lambda: next((line for line in list(self.lines) if re.search(pattern, line)), None), f"log line {pattern!r}", patience)

    def signal(self, number):
        self.process.send_signal(number)

    def freeze(self):
        """Stops it as a debugger would, and waits until each of its threads stands still; SIGCONT goes on."""
        self.signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        wait_until(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir()), "it stands still")

    def wait(self, patience=PATIENCE):
        code = self.process.wait(patience)
        self.reader.join(patience)
        return code

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.wait()
        finally:
            self.process.stdout.close()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.wait()

    def restart(self, **options):
        self.kill()
        return self.start(**options)

    # --- speaking HTTP ---

    def request(self, door, method, path, body=None, headers=None, timeout=PATIENCE):
        address = self.addresses[door]
        if address.startswith("unix:"):
            connection = UnixConnection(address[5:], timeout)
        else:
            connection = http.client.HTTPConnection(address, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def api(self, path, method="GET", body=None, token=JANE, headers=None):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        return self.request("control", method, path, body, headers)

    def items(self, name, **filters):
        query = "&".join(f"{key}={value}" for key, value in filters.items())
        answer = self.api(f"/api/v1/{name}?{query}")
        assert answer.status == 200, answer
        return answer.json()["items"]

    def send_github(self, event, payload, delivery=None, secret=GITHUB_SECRET, headers=None):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.request("public", "POST", "/hooks/github", body, {
            "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
            "X-Hub-Signature-256": f"sha256={mac}", **(headers or {})})

    def send_alert(self, payload, token=AM_TOKEN):
        return self.request("public", "POST", "/hooks/alertmanager", json.dumps(payload), {
            "Content-Type": "application/json", "Authorization": f"Bearer {token}"})

    def send_deploy(self, payload, token=DEPLOY_TOKEN):
        return self.request("public", "POST", "/hooks/deploys", json.dumps(payload), {
            "Content-Type": "application/json", "Authorization": f"Bearer {token}"})

    def raw(self, door, data, timeout=PATIENCE):
        """Sends bytes as they are and returns all that comes back until the peer closes."""
        host, port = self.addresses[door].rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout) as connection:
            connection.sendall(data)
            answer = b""
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return answer
                answer += piece

    def read_stream(self, last_id=None, until=None, until_quiet=False, token=JANE, timeout=PATIENCE):
        """Reads server-sent events until `until(events)` is true, or (until_quiet) until what is there has been told."""
        host, port = self.addresses["control"].rsplit(":", 1)
        lines = ["GET /api/v1/stream HTTP/1.0", f"Host: {host}:{port}", f"Authorization: Bearer {token}"]
        if last_id is not None:
            lines.append(f"Last-Event-ID: {last_id}")
        events, event, rest = [], {}, b""
        with socket.create_connection((host, int(port)), 1 if until_quiet else timeout) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = connection.makefile("rb")
            while answer.readline().strip():
                pass
            try:
                for line in answer:
                    line = line.decode().rstrip("\r\n")
                    name, colon, value = line.partition(": ")
                    if colon and name in ("id", "event", "data"):
                        event[name] = value
                    elif not line and "event" in event:
                        events.append(event)
                        event = {}
                        if until and until(events):
                            return events
            except TimeoutError:
                if until_quiet:
                    return events
                raise
        return events

    # --- the command line ---

    def cli(self, *arguments, token=JANE, check=None, input=None, socket_only=False):
        env = dict(self.env)
        if token and not socket_only:
            env["VEDETTE_TOKEN"] = token
            env["VEDETTE_URL"] = f"http://{self.addresses.get('control', '127.0.0.1:1')}"
        done = subprocess.run([str(BINARY), *arguments, *(["-c", str(self.config_path)] if socket_only else [])],
                              env=env, cwd=self.directory, capture_output=True, text=True, timeout=PATIENCE * 2, input=input)
        if check is not None and done.returncode != check:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {check}\n{done.stdout}\n{done.stderr}")
        return done

    # --- facts ---

    def wait_for_proposal(self, patience=PATIENCE, **wanted):
        def find():
            for proposal in self.items("proposals"):
                if all(proposal.get(name) == value for name, value in wanted.items()):
                    return proposal
            return None
        return wait_until(find, f"a proposal with {wanted}", patience)

    def decide(self, proposal, verdict, token=JANE, **more):
        body = {"verdict": verdict, **more}
        if verdict == "approve":
            body.setdefault("plan_digest", proposal["plan_digest"])
        return self.api(f"/api/v1/proposals/{proposal['id']}/decision", "POST", body, token)

    def wait_until_folded(self):
        """Everything that was accepted has been folded."""
        wait_until(lambda: self.metric("vedette_fold_lag") == 0, "everything is folded")

    def metric(self, name, **labels):
        total = None
        for line in self.request("control", "GET", "/metrics").body.decode().splitlines():
            found = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if not found or found.group(1) != name:
                continue
            here = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or ""))
            if all(here.get(label) == value for label, value in labels.items()):
                total = (total or 0) + float(found.group(3))
        return total

    def metric_or_none(self, name, **labels):
        """The same, of a daemon that may be gone."""
        try:
            return self.metric(name, **labels)
        except (OSError, KeyError, http.client.HTTPException):
            return None

    def steps_run(self):
        """A line for each time the `rerun` action ran."""
        return self.step_log.read_text().splitlines() if self.step_log.exists() else []


class VedetteTest(unittest.TestCase):
    """Gives daemons that are stopped at the end, whatever happened; shows their log when a test fails."""

    maxDiff = None

    def setUp(self):
        self.daemons = []
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-test-"))
        self.addCleanup(self._end)

    def vedette(self, start=True, crash_at=None, directory=None, **options):
        where = pathlib.Path(directory) if directory else self.directory / str(len(self.daemons))
        where.mkdir(parents=True, exist_ok=True)
        vedette = Vedette(where, **options)
        self.daemons.append(vedette)
        if start:
            vedette.start(crash_at=crash_at)
        return vedette

    def _end(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", []) or []) or bool(
            getattr(getattr(self._outcome, "result", None), "failures", []))
        for vedette in self.daemons:
            with contextlib.suppress(Exception):
                vedette.kill()
            if failed or "ERROR: AddressSanitizer" in vedette.log() or "runtime error:" in vedette.log():
                print("\n".join(vedette.lines[-60:]))
            self.assertNotIn("ERROR: AddressSanitizer", vedette.log())
            self.assertNotIn("WARNING: ThreadSanitizer", vedette.log())
            self.assertNotIn("runtime error:", vedette.log())
        shutil.rmtree(self.directory, ignore_errors=True)


def workflow_run(conclusion="failure", run=1001, branch="main", repo="acme/shop", workflow="test", action="completed", actor="dev"):
    """A workflow_run delivery in the shape in which GitHub sends it, with the members that matter."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    person = {"login": actor, "id": 7, "type": "User"}
    return {
        "action": action,
        "workflow_run": {
            "id": run, "name": workflow, "head_branch": branch, "head_sha": "a" * 40, "run_number": run, "event": "push",
            "status": "completed" if action == "completed" else "in_progress", "conclusion": conclusion, "workflow_id": 5,
            "url": f"https://api.github.example/repos/{repo}/actions/runs/{run}", "html_url": f"https://github.example/{repo}/actions/runs/{run}",
            "created_at": now, "updated_at": now, "run_attempt": 1, "run_started_at": now, "display_title": "a change", "path": f".github/workflows/{workflow}.yml",
            "actor": person, "triggering_actor": person, "head_commit": {"id": "a" * 40, "message": "a change", "timestamp": now},
            "head_repository": {"full_name": repo}, "repository": {"full_name": repo},
        },
        "workflow": {"id": 5, "name": workflow, "path": f".github/workflows/{workflow}.yml", "state": "active"},
        "repository": {"id": 99, "name": repo.split("/")[1], "full_name": repo, "default_branch": "main", "html_url": f"https://github.example/{repo}"},
        "sender": person,
    }


def alerts(*states, name="disk-full", service="shop", starts=None):
    """An Alertmanager body, version 4, with an alert for each state."""
    starts = starts or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    items = [{
        "status": state, "labels": {"alertname": name, "severity": "critical", "service": service, "instance": f"host-{i}"},
        "annotations": {"summary": f"{name} on host-{i}"}, "startsAt": starts,
        "endsAt": "0001-01-01T00:00:00Z" if state == "firing" else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "generatorURL": "http://prometheus.example/graph", "fingerprint": f"{i:016x}",
    } for i, state in enumerate(states)]
    return {
        "version": "4", "groupKey": "{}:{alertname=\"%s\"}" % name, "truncatedAlerts": 0, "status": "firing" if "firing" in states else "resolved",
        "receiver": "vedette", "groupLabels": {"alertname": name}, "commonLabels": {"alertname": name}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example", "alerts": items,
    }


def end_by_pid(process):
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
