"""How the scripted Slack misbehaves: one Fault is one odd way to answer, for a number of requests.

    slack.fail("chat.postMessage", times=2, error="ratelimited", status=429, retry_after=3)
    slack.fail("chat.postMessage", process=True, drop=True)        # done, but the answer is lost
    slack.fail("chat.update", times=None, hang=True)                # until slack.heal() or the end

`process` does what was asked before answering oddly; without it nothing has happened. One of:

    error    ok:false with this code (and `needed`, `provided`, `retry_after`), with `status` (200)
    status   that status alone, with `body`
    drop     the connection is closed without an answer
    hang     no answer while the fault lasts
    slow     the answer after so many seconds
    redirect a 302 to a trap, which counts who follows
    html     a page with status 200
    body     these bytes, with status 200
    endless  an answer without an end: `n_bytes` counts what was taken
    twice    done twice, answered once: what a repeat within Slack leaves
"""
import json
import threading


class Fault:
    def __init__(self, method, times=1, after=0, channel=None, process=False, error=None, status=None, retry_after=None, needed=None,
                 provided=None, drop=False, hang=False, slow=0, redirect=False, html=False, body=None, endless=False, twice=False):
        self.method, self.left, self.after, self.channel, self.process = method, times, after, channel, process
        self.error, self.status, self.retry_after, self.needed, self.provided = error, status, retry_after, needed, provided
        self.drop, self.hang, self.slow, self.redirect, self.html, self.body = drop, hang, slow, redirect, html, body
        self.endless, self.twice = endless, twice
        self.n_hits = 0
        self.n_bytes = 0
        self.hit = threading.Event()  # somebody ran into it
        self.over = threading.Event()  # what hangs may go

    def takes(self, method, channel):
        """Is this request its business? Counts it when it is."""
        if self.method != method or self.channel not in (None, channel) or self.left == 0 or self.over.is_set():
            return False
        if self.after:
            self.after -= 1
            return False
        self.left = self.left - 1 if self.left is not None else None
        self.n_hits += 1
        self.hit.set()
        return True

    def does_it(self):
        return self.process or bool(self.slow) or self.twice

    def answer(self, right):
        """(status, headers, body) instead of the `right` one; None: the connection is closed."""
        if self.hang:
            self.over.wait()
            return None
        if self.drop:
            return None
        if self.slow:
            self.over.wait(self.slow)
            return right
        if self.twice:
            return right
        if self.redirect:
            return 302, {"Location": "/trap"}, b""
        if self.html:
            return 200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title><p>ok: true"
        if self.error:
            members = {"ok": False, "error": self.error, "needed": self.needed, "provided": self.provided}
            body = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
            return self.status or 200, self._retry(), body
        return self.status or 200, self._retry(), self.body or b""

    def _retry(self):
        return {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
