"""Real Prometheus and Alertmanager, as Debian packages them: an alert fires into Vedette, and resolves."""
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

from harness import AM_TOKEN, ROOT, VedetteTest, end_by_pid, wait_until

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager")

RULE = """
rules:
  - id: alert-firing
    on: alert
    key: [subject]
    severity: high
    title: "{{title}}"
    propose:
      plan: [{do: rerun, with: {run: "7"}}]
      cooldown: 1s
"""

PROMETHEUS_CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%(directory)s/alert_rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%(alertmanager)d"]}]}]}
scrape_configs: [{job_name: shop, static_configs: [{targets: ["127.0.0.1:%(target)d"]}]}]
"""

ALERT_RULES = """
groups:
  - name: shop
    rules:
      - alert: QueueFull
        expr: shop_queue_depth > 100
        for: 0s
        labels: {severity: critical, service: shop}
        annotations: {summary: "The queue of {{ $labels.job }} holds {{ $value }} orders"}
"""

ALERTMANAGER_CONFIG = """
route: {receiver: vedette, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: %(repeat)s}
receivers:
  - name: vedette
    webhook_configs:
      - url: http://%(vedette)s/hooks/alertmanager
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials: %(token)s}}
"""


class Shop(http.server.ThreadingHTTPServer):
    """What Prometheus scrapes: one gauge, which the test sets."""
    depth = 0

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(f"# TYPE shop_queue_depth gauge\nshop_queue_depth {self.server.depth}\n".encode())

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def free_port():
    """A port that was free a moment ago: neither program tells which one it got."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@unittest.skipUnless(PROMETHEUS and ALERTMANAGER, "the packages prometheus and prometheus-alertmanager are not installed")
class Peers(VedetteTest):
    def setUp(self):
        super().setUp()
        self.shop = Shop()
        self.addCleanup(self.shop.server_close)
        self.addCleanup(self.shop.shutdown)

    def write(self, name, text, **values):
        path = self.directory / name
        path.write_text(text % values if values else text)
        return str(path)

    def run_peer(self, program, *arguments):
        """Starts it on a free port; gives the port once it is ready."""
        port = free_port()
        log = open(self.directory / f"{pathlib.Path(program).name}.log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen([program, f"--web.listen-address=127.0.0.1:{port}", *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(end_by_pid, process)
        wait_until(lambda: process.poll() is not None or is_ready(port), f"{program} is ready")
        self.assertIsNone(process.poll(), pathlib.Path(log.name).read_text())
        return port

    def start_peers(self, vedette, repeat="1h"):
        alertmanager = self.run_peer(
            ALERTMANAGER, "--config.file=" + self.write("alertmanager.yml", ALERTMANAGER_CONFIG, vedette=vedette.addresses["public"], token=json.dumps(AM_TOKEN), repeat=repeat),
            f"--storage.path={self.directory}/alertmanager", "--cluster.listen-address=")
        self.write("alert_rules.yml", ALERT_RULES)
        self.run_peer(
            PROMETHEUS, "--config.file=" + self.write("prometheus.yml", PROMETHEUS_CONFIG, directory=self.directory, alertmanager=alertmanager, target=self.shop.server_port),
            f"--storage.tsdb.path={self.directory}/prometheus")

    def test_an_alert_that_fires_is_proposed_and_its_recovery_withdraws_the_proposal(self):
        vedette = self.vedette(rules={"alerts.yaml": RULE})
        self.start_peers(vedette)

        self.shop.depth = 250
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual((proposal["title"], proposal["severity"]), ("The queue of shop holds 250 orders", "high"))
        event = vedette.items("events")[-1]
        self.assertEqual({name: event[name] for name in ("kind", "type", "state", "service", "watcher")},
                         {"kind": "alert", "type": "alertmanager.alert", "state": "failing", "service": "shop", "watcher": "alertmanager"})

        self.shop.depth = 3
        withdrawn = vedette.wait_for_proposal(id=proposal["id"], state="withdrawn")
        self.assertEqual(withdrawn["outcome"], "the signal resolved")
        self.assertEqual(vedette.items("signals")[0]["state"], "resolved")
        self.assertEqual(vedette.decide(proposal, "approve").status, 409)

        self.shop.depth = 300
        again = vedette.wait_for_proposal(state="open")
        self.assertNotEqual(again["id"], proposal["id"])  # a new episode
        self.assertEqual(len(vedette.items("signals")), 1)  # of the same condition
        self.assertEqual(vedette.steps_run(), [])

    def test_h17_what_alertmanager_repeats_is_the_same_delivery_and_changes_nothing(self):
        vedette = self.vedette(rules={"alerts.yaml": RULE})
        self.shop.depth = 250
        self.start_peers(vedette, repeat="1s")
        proposal = vedette.wait_for_proposal(state="open")
        wait_until(lambda: (vedette.metric("vedette_events_duplicate_total", watcher="alertmanager") or 0) >= 2, "Alertmanager repeats itself")
        self.assertEqual(vedette.metric("vedette_events_total", watcher="alertmanager"), 1)
        self.assertEqual([(one["id"], one["revision"], one["state"]) for one in vedette.items("proposals")], [(proposal["id"], 1, "open")])
        self.assertEqual(len(vedette.items("signals")), 1)

    def test_the_alerts_that_are_shipped_for_prometheus_pass_their_tests(self):
        done = subprocess.run(["promtool", "test", "rules", "alerts_test.yaml"], cwd=ROOT / "packaging/prometheus", capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
