"""Many decide at once, in Slack, over the API and at the command line: one decision stands, and everybody is told the truth about it.

60 rounds in the suite, 1,000 in `./dev soak`."""
import os
import random
import unittest

from harness import CI_RULE, JANE as JANE_TOKEN, JOHN as JOHN_TOKEN, together, wait_until, workflow_run
from slack import Told
from slack_story import JANE, JOHN, VISITOR, SlackTest

SOAK = bool(os.environ.get("VEDETTE_SOAK"))
ROUNDS = 1000 if SOAK else 60
PLACES = 20  # a conversation takes a few cards at once, and then one a second or so
AT_ONCE = 20  # cards that wait at a time
TOGETHER = 4  # of them decided at the same time


class Conflicts(SlackTest):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(1)
        rules, routes = {}, []
        for i in range(1, PLACES + 1):
            self.slack.add_conversation(f"C{i}", f"place-{i}")
            rules[f"ci{i}.yaml"] = CI_RULE.replace("id: ci-red", f"id: ci-red-{i}").replace("branch: main}", f"branch: main, repo: acme/place-{i}}}")
            routes.append(f"{{rules: [ci-red-{i}], channel: C{i}}}")
        self.daemon = self.vedette(rules=rules, members=f"    routes: [{', '.join(routes)}]")

    def deciders(self, proposal, card):
        """What each does: (channel, verdict, person, how)."""
        seen = card.snapshot()
        return [
            ("slack", "approve", "jane", lambda: self.slack.click(seen, "approve", user=JANE)),
            ("slack", "reject", "john", lambda: self.slack.click(seen, "reject", user=JOHN, value="known")),
            ("api", "approve", "john", lambda: self.daemon.decide(proposal, "approve", token=JOHN_TOKEN)),
            ("api", "reject", "jane", lambda: self.daemon.decide(proposal, "reject", token=JANE_TOKEN, reason="too_late")),
            ("cli", "reject", "john", lambda: self.daemon.cli("reject", proposal["id"], "--reason", "wrong_cause", token=JOHN_TOKEN)),
            ("slack", "approve", "visitor", lambda: self.slack.click(seen, "approve", user=VISITOR)),
        ]

    def told(self, way, answer):
        if way == "api":
            return answer.json().get("detail", "")
        if way == "cli":
            return answer.stdout + answer.stderr
        return "\n".join(self.slack.answers_to(answer))

    def one_round(self, card):
        """Everybody at once; what each is told is what stands. Gives how it was decided."""
        proposal = self.daemon.api(f"/api/v1/proposals/{card.proposal}").json()
        deciders = self.deciders(proposal, card)
        self.dice.shuffle(deciders)  # who is a moment earlier
        answers = together(len(deciders), lambda i: deciders[i][3]())
        after = self.daemon.api(f"/api/v1/proposals/{card.proposal}").json()
        decisions = [(one["via"], one["verdict"], one["by"]) for one in after["decisions"] if one["verdict"] in ("approve", "reject")]
        self.assertEqual(len(decisions), 1, decisions)
        for (way, verdict, who, _), answer in zip(deciders, answers):
            if who == "visitor":
                self.slack.wait_for_answer(answer)
                self.assertNotEqual(decisions[0][2], "visitor")
            elif ("slack" if way == "slack" else "token", verdict, who) != decisions[0]:
                self.check_loser(way, verdict, answer, decisions[0])
        return decisions[0]

    def check_loser(self, way, verdict, answer, decision):
        stands = f"{'approved' if decision[1] == 'approve' else 'rejected'} by {decision[2]}"
        if way == "api":
            self.assertEqual(answer.status, 200 if verdict == decision[1] else 409, answer)
        wait_until(lambda: stands in self.told(way, answer), Told(lambda: f"{way} {verdict} is told {stands!r}, not {self.told(way, answer)!r}"))

    def new_cards(self, first, n):
        """n failed runs, each of a workflow of its own: their cards."""
        before = {card["ts"] for card in self.slack.cards()}
        for i in range(n):
            self.daemon.send_github("workflow_run", workflow_run(repo=f"acme/place-{i % PLACES + 1}", workflow=f"w{first + i}", run=5000 + first + i))
        return wait_until(lambda: len(new := [card for card in self.slack.cards() if card["ts"] not in before]) == n and new, f"{n} cards", 120)

    def test_one_decision_stands_and_everybody_is_told_which(self):
        winners, cards = set(), []
        while len(cards) < ROUNDS:
            new = self.new_cards(len(cards), min(AT_ONCE, ROUNDS - len(cards)))
            for i in range(0, len(new), TOGETHER):
                winners.update(together(len(new[i:i + TOGETHER]), lambda j, i=i: self.one_round(new[i + j])))
            cards += new
        self.assert_no_complaints()
        self.assertGreater(len(winners), 1, "not always the same one wins")
        runs = self.daemon.steps_run()
        self.assertEqual(len(runs), len(set(runs)), "no step ran twice")
        if SOAK:  # edits leave within Slack's limit of 50 a minute
            wait_until(lambda: self.daemon.api("/api/v1/status").json()["channels"][0]["owed"] == 0, "all cards show their end", 3 * ROUNDS)
            self.assertEqual([card.shown() for card in cards if "waits for a decision" in card.shown().lower()], [])


if __name__ == "__main__":
    unittest.main()
