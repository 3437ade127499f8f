"""The oracle of the crash tests: keeps, outside the daemon, what was sent and what was answered, and says at the end what does not fit.

Every signal gets DELIVERIES_A_SIGNAL failing runs of a workflow of its own and so has one episode, one proposal and one step, which leaves the
number of the run that opened it as a line in a file. So whatever happened in between:

    a delivery that was answered 2xx is in the store once, under the id that was told, and counted once;
    a signal has one proposal; an approval that was answered 200 stands;
    a step left at most one line, exactly one where its proposal says that it ran, none where it was never approved;
    and the audit trail holds.
"""
import collections
import http.client
import threading

from harness import CONFIG, wait_until, workflow_run

DELIVERIES_A_SIGNAL = 3
# Whether it helped is told by a green run, which never comes: what ran is `verifying` at the end.
LEDGER_RULE = """
rules:
  - id: ci-red
    on: ci.run
    where: {level: run, state: failing, branch: main}
    key: [repo, branch, workflow]
    diagnose: {evidence: [{do: look, with: {repo: "{{repo}}"}}]}
    propose:
      plan: [{do: rerun, with: {run: "{{run}}"}}]
      expires: 1d
"""
RAN = ("verifying",)
SETTLED = RAN + ("unknown",)
# What asking a daemon that dies comes to.
GONE = (OSError, http.client.HTTPException)


def ledger_config(hold="0s"):
    """How long an approval can be taken back before its step starts."""
    return CONFIG.replace("hold: 1s", f"hold: {hold}")


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.n_sent = 0
        self.waiting = []     # sent and not answered: a sender tries these again
        self.answered = {}    # delivery id -> the event id that was told with the 2xx
        self.approved = set() # proposals whose approval was answered 200
        self.refused = 0

    # --- doing ---

    def _next(self):
        with self.lock:
            if self.waiting:
                return self.waiting.pop(0)
            self.n_sent += 1
            return self.n_sent - 1

    def send(self, vedette):
        """Sends the next delivery, or again one that was never answered. Returns the answer, or None where none came."""
        number = self._next()
        try:
            answer = vedette.send_github(
                "workflow_run", workflow_run(run=number + 1, workflow=f"w{number // DELIVERIES_A_SIGNAL}"), delivery=f"d-{number}")
        except GONE:
            answer = None
        with self.lock:
            if answer and answer.status in (200, 202):
                self.answered[f"d-{number}"] = answer.json()["id"]
            else:
                self.waiting.append(number)
                self.refused += answer is not None
        return answer

    def send_all(self, vedette):
        """Until every delivery is answered, and every signal has all of its own."""
        while self.waiting or self.n_sent % DELIVERIES_A_SIGNAL:
            self.send(vedette)

    def approve_some(self, vedette, n=5):
        """Approves open proposals whose signal has seen all that there is. Returns how many."""
        try:
            listed = vedette.api("/api/v1/proposals?state=open&limit=100")
            if listed.status == 503:  # it stops
                return 0
            ready = [proposal for proposal in listed.json()["items"] if proposal["count"] == DELIVERIES_A_SIGNAL][-n:]
            for proposal in ready:
                answer = vedette.decide(proposal, "approve")
                assert answer.status in (200, 503), answer
                if answer.status == 200:
                    with self.lock:
                        self.approved.add(proposal["id"])
            return len(ready)
        except GONE:
            return 0

    # --- judging ---

    def everything(self, vedette, name):
        found, after = [], ""
        while True:
            answer = vedette.api(f"/api/v1/{name}?limit=1000" + (f"&after={after}" if after else "")).json()
            found += answer["items"]
            after = answer.get("next")
            if not after:
                return found

    def settle(self, vedette):
        """Sends what is missing and approves what is open, until nothing moves any more."""
        self.send_all(vedette)
        vedette.wait_until_folded()

        def is_settled():
            self.approve_some(vedette, n=100)
            states = collections.Counter(proposal["state"] for proposal in self.everything(vedette, "proposals"))
            return sum(states.values()) >= self.n_sent // DELIVERIES_A_SIGNAL and set(states) <= set(SETTLED)

        wait_until(is_settled, "every proposal is settled", patience=240)

    def check(self, test, vedette, others=()):
        """`others`: types of events that somebody else sent."""
        self.check_answered(test, self.stored(vedette, others))
        self.settle(vedette)
        self.check_deliveries(test, vedette, others)
        self.check_proposals(test, vedette)
        test.assertIn(vedette.metric("vedette_events_dead_total"), (None, 0))
        vedette.cli("audit", "--verify", check=0)

    def stored(self, vedette, others):
        stored = collections.defaultdict(list)
        for event in self.everything(vedette, "events"):
            if event["type"] not in others:
                stored[event["delivery_id"]].append(event["id"])
        return stored

    def check_answered(self, test, stored):
        test.assertEqual({delivery: ids for delivery, ids in stored.items() if len(ids) > 1}, {}, "stored twice")
        test.assertEqual({delivery: stored.get(delivery) for delivery, told in self.answered.items() if stored.get(delivery) != [told]}, {}, "answered, and not there")

    def check_deliveries(self, test, vedette, others):
        stored = self.stored(vedette, others)
        self.check_answered(test, stored)
        test.assertEqual(len(stored), self.n_sent)

        signals = self.everything(vedette, "signals")
        test.assertEqual(len(signals), self.n_sent // DELIVERIES_A_SIGNAL)
        test.assertEqual(len({tuple(signal["key"]) for signal in signals}), len(signals))
        test.assertEqual({signal["key"][2]: signal["count"] for signal in signals if signal["count"] != DELIVERIES_A_SIGNAL}, {}, "counted wrongly")

    def check_proposals(self, test, vedette):
        proposals = self.everything(vedette, "proposals")
        per_signal = collections.Counter(tuple(proposal["key"]) for proposal in proposals)
        test.assertEqual({key: n for key, n in per_signal.items() if n != 1}, {}, "more than one proposal for a signal")
        test.assertEqual(len(per_signal), self.n_sent // DELIVERIES_A_SIGNAL)

        lines = collections.Counter(vedette.steps_run())
        test.assertEqual({run: n for run, n in lines.items() if n > 1}, {}, "a step ran twice")
        for proposal in proposals:
            n_lines = lines[proposal["plan"][0]["argv"][-1]]
            if proposal["state"] in RAN:
                test.assertEqual(n_lines, 1, proposal)
            test.assertIn(proposal["plan"][0]["state"], ("done", "unknown"))
        by_id = {proposal["id"]: proposal for proposal in proposals}
        test.assertEqual({id: by_id.get(id) for id in self.approved if id not in by_id or by_id[id]["state"] not in SETTLED}, {}, "approved, and it does not stand")

    def lost(self, vedette):
        """The proposals of which nobody knows whether their step ran."""
        return [proposal for proposal in self.everything(vedette, "proposals") if proposal["state"] == "unknown"]
