"""The review budget from outside: what is above it waits in a queue, is told where people look, and is never lost."""
import concurrent.futures
import datetime
import http.client
import json
import threading
import time
import unittest

from harness import DEPLOY_TOKEN, VedetteTest, wait_until
from slack_story import SlackTest

STORM_KEYS, STORM_EVENTS, SENDERS = 200, 10_000, 8
# An answer to a click that people do not wait for (P08), and room for a build with sanitizers beside other tests.
PROMPT_S = 2.0
RULE = """
rules:
  - id: deploys
    on: deploy
    where: {state: failing, title: '/^(?<severity>\\w+): /'}
    key: [service]
    title: "{{title}}"
    clear: {where: {state: ok}}
    propose: {plan: [{do: rerun, with: {run: "7"}}], cooldown: 1h}
    verify: {ok: 1h}
"""


def severity_of(key):
    return "critical" if key % 50 == 0 else "high" if key % 3 == 0 else "low"


def deploy(key, number=0, status="failed", at=None, severity=None, title=None):
    return {"app": {"name": f"s{key}"}, "status": status, "delivery": f"d{key}-{number}-{status}",
            "message": f"{severity or severity_of(key)}: {title or f'deploy of s{key} failed'}",
            **({"at": at.isoformat()} if at else {})}


class BudgetTest(VedetteTest):
    def budget(self, vedette):
        return vedette.api("/api/v1/status").json()["budget"]

    def fails(self, vedette, key, **members):
        self.assertEqual(vedette.send_deploy(deploy(key, **members)).status, 202)
        vedette.wait_until_folded()

    def open(self, vedette):
        return vedette.items("proposals", state="open", limit=200)


class Storm(BudgetTest):
    def send_all(self, vedette, begin, done):
        """Ten minutes of events as fast as they are taken, each sender over one connection."""
        host, port = vedette.addresses["public"].rsplit(":", 1)

        def send(sender):
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            for number in range(sender, STORM_EVENTS, SENDERS):
                at = begin + datetime.timedelta(seconds=600 * number / STORM_EVENTS)
                body = json.dumps(deploy(number * 7 % STORM_KEYS, number, at=at))
                connection.request("POST", "/hooks/deploys", body, {
                    "Content-Type": "application/json", "Authorization": f"Bearer {DEPLOY_TOKEN}"})
                answer = connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, 202)
                done.release()
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(send, range(SENDERS)))

    def decided(self, vedette, verdict, **more):
        proposal = self.open(vedette)[0]
        begin = time.monotonic()
        answer = vedette.decide(proposal, verdict, **more)
        took = time.monotonic() - begin
        self.assertEqual(answer.status, 200, answer)
        self.assertLess(took, PROMPT_S)
        return proposal["id"]

    def assert_all_is_counted(self, vedette):
        signals = vedette.items("signals", limit=500)
        self.assertEqual(len(signals), STORM_KEYS)
        self.assertEqual(sum(signal["count"] for signal in signals), STORM_EVENTS)
        self.assertEqual({signal["state"] for signal in signals}, {"firing"})

    def test_p08_a_storm_of_10000_events_over_200_keys_asks_no_more_than_the_budget_and_decisions_are_answered_at_once(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 5, per_hour: 6, per_day: 20}\n")
        begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10)
        done, most_open, decided = threading.Semaphore(0), 0, []
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            storm = pool.submit(self.send_all, vedette, begin, done)
            for _ in range(2000):
                done.acquire(timeout=60)
            wait_until(lambda: len(self.open(vedette)) >= 5, "some wait for a decision")
            decided.append(self.decided(vedette, "reject", reason="known"))
            decided.append(self.decided(vedette, "approve"))
            while not storm.done():
                most_open = max(most_open, len(self.open(vedette)))
            storm.result()
        vedette.wait_until_folded()
        self.assert_all_is_counted(vedette)
        proposals = vedette.items("proposals", limit=200)
        self.assertLessEqual(max(most_open, len(self.open(vedette))), 5 + 3)
        self.assertLessEqual(len(proposals), 6 + 3)
        self.assertGreaterEqual(len(proposals), 6)
        borrowed = [proposal for proposal in proposals if proposal.get("borrowed")]
        self.assertTrue(all(proposal["severity"] == "critical" for proposal in borrowed))
        wait_until(lambda: len(vedette.steps_run()) == 1, "what was approved is carried out")

        # The rest waits, and is listed: by severity, and the first ones by name.
        budget = self.budget(vedette)
        held = vedette.metric("vedette_signals_held", reason="budget")
        self.assertEqual(budget["waiting"], held)
        self.assertEqual(sum(budget["waiting_by_severity"].values()), held)
        self.assertEqual(held, STORM_KEYS - len({proposal["signal"] for proposal in proposals}))
        first = [one for one in vedette.api("/api/v1/status").json()["held_back"] if one["why"] == "budget"]
        self.assertEqual(first, sorted(first, key=lambda one: ["critical", "high", "medium", "low"].index(one["severity"])))
        self.assertIn("6 in the last hour", budget["full"])
        shown = vedette.cli("status", check=0).stdout
        self.assertRegex(shown, rf"queued .*{budget['waiting_by_severity']['low']} low")

        # As before after a crash.
        before = (self.budget(vedette), sorted(proposal["id"] for proposal in proposals))
        vedette.restart()
        after = (self.budget(vedette), sorted(proposal["id"] for proposal in vedette.items("proposals", limit=200)))
        for budget in (before[0], after[0]):
            budget.pop("next", None)
        self.assertEqual(before, after)
        self.assert_all_is_counted(vedette)


class Queue(BudgetTest):
    def test_a_decision_lets_the_first_of_the_queue_ask(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 1, per_hour: 3}\n")
        for key in (1, 2, 3):
            self.fails(vedette, key)
        first, = self.open(vedette)
        self.assertEqual(self.budget(vedette)["waiting"], 2)
        self.assertIn("1 of 1 open", vedette.cli("status", check=0).stdout)
        waiting = vedette.items("signals", state="firing")
        signal = next(one for one in waiting if one["key"] == ["s2"])
        explained = vedette.cli("explain", signal["id"], check=0).stdout
        self.assertIn("1 of 1 open", explained)
        self.assertEqual(vedette.decide(first, "reject", reason="known").status, 200)
        second = wait_until(lambda: next(iter(self.open(vedette)), None), "the next one asks")
        self.assertEqual(second["severity"], "high")  # s3
        self.assertEqual(self.budget(vedette)["waiting"], 1)

    def test_a_reload_that_raises_the_limits_lets_more_ask(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 1}\n")
        for key in (1, 2, 4, 5):
            self.fails(vedette, key)
        self.assertEqual(len(self.open(vedette)), 1)
        vedette.write("vedette.yaml", vedette.config_path.read_text().replace("budget: {open: 1}", "budget: {open: 3}"))
        vedette.cli("reload", check=0)
        wait_until(lambda: len(self.open(vedette)) == 3, "as many as there are places")
        self.assertEqual(self.budget(vedette)["waiting"], 1)

    def test_what_is_well_again_while_it_waits_came_and_went(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 1}\n")
        self.fails(vedette, 1)
        self.fails(vedette, 2)
        self.fails(vedette, 2, number=1, status="succeeded")
        budget = self.budget(vedette)
        self.assertEqual((budget["waiting"], budget["came_and_went"]), (0, 1))
        self.assertNotIn("since", budget)

    def test_critical_ones_borrow_and_say_so(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 1, critical: 1}\n")
        self.fails(vedette, 1)
        self.fails(vedette, 50)
        self.fails(vedette, 100)
        proposals = {proposal["key"][0]: proposal for proposal in self.open(vedette)}
        self.assertEqual(sorted(proposals), ["s1", "s50"])
        self.assertNotIn("borrowed", proposals["s1"])
        self.assertTrue(proposals["s50"]["borrowed"])
        self.assertIn("above the review budget", vedette.cli("show", proposals["s50"]["id"], check=0).stdout)
        self.assertEqual(self.budget(vedette)["waiting_by_severity"], {"critical": 1})


class Digest(SlackTest):
    def digests(self):
        return [message for message in self.slack.alive("C1") if "for the review budget" in message.shown()]

    def test_the_channel_is_told_once_who_waits_escaped_and_a_restart_repeats_nothing(self):
        vedette = self.vedette(rules={"deploys.yaml": RULE}, more="budget: {open: 1}\n")
        for key, title in ((1, None), (2, "<!channel> *x*"), (3, None), (4, None)):
            self.assertEqual(vedette.send_deploy(deploy(key, title=title)).status, 202)
        told = wait_until(self.digests, "a digest", 60)
        text = told[0].shown()
        self.assertIn("3 more signals fire and wait for the review budget (1 high, 2 low): 1 of 1 open.", text)
        self.assertLess(text.index("high: high: deploy of s3 failed"), text.index("low: low: "))
        self.assertNotIn("<!channel>", json.dumps(told[0]))
        self.assertEqual(vedette.send_deploy(deploy(5)).status, 202)
        vedette.wait_until_folded()
        vedette.restart()
        self.assertEqual(vedette.send_deploy(deploy(6)).status, 202)
        vedette.wait_until_folded()
        # What is posted behind it shows that there was time for another one.
        first, = vedette.items("proposals", state="open")
        before = {card["ts"] for card in self.slack.cards()}
        self.assertEqual(vedette.decide(first, "reject", reason="known").status, 200)
        self.new_card(before)
        self.assertEqual(len(self.digests()), 1)
        self.assert_no_complaints()


if __name__ == "__main__":
    unittest.main()
