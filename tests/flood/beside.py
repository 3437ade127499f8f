"""The sender that is served beside the flood: signed, valid, each delivery once."""
import http.client
import json
import threading
import time

from doors import mac


class Beside(threading.Thread):
    """About twenty deliveries a second, every other one on a new connection."""

    PAUSE = 0.05

    def __init__(self, address, over):
        super().__init__(name="beside", daemon=True)
        self.address, self.over = address, over
        self.times, self.ids, self.refused = [], [], []
        self.connection = None

    def run(self):
        while not self.over.is_set():
            self.deliver(len(self.ids) + len(self.refused))
            self.over.wait(self.PAUSE)
        self.close()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def deliver(self, number):
        body = json.dumps({"delivery": f"beside-{number}", "app": {"name": "beside"}, "status": "ok"}).encode()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": "sha256=" + mac(body).hexdigest()}
        started = time.monotonic()
        try:
            self.connection = self.connection or http.client.HTTPConnection(*self.address, timeout=60)
            self.connection.request("POST", "/hooks/beside", body, headers)
            status = self.connection.getresponse()
            status.read()
            said = str(status.status)
        except (OSError, http.client.HTTPException) as error:
            said = repr(error)
        self.times.append(time.monotonic() - started)
        (self.ids if said.startswith("2") else self.refused).append(f"beside-{number}" if said.startswith("2") else f"{number}: {said}")
        if number % 2 or not said.startswith("2"):
            self.close()

    def percentile(self, share):
        times = sorted(self.times)
        return times[min(len(times) - 1, int(len(times) * share))] if times else float("inf")
