"""What people decide: who may, what for, what they are told, and that nothing acts on anything else."""
import http.client
import json
import os
import random
import resource
import subprocess
import time

from harness import BINARY, JANE, JOHN, VedetteTest, together, wait_until, workflow_run

VISITOR = "a token that only a visitor holds"
ROUNDS = 100

# A proposal for each run; `more` goes into `propose`.
RULE = """
rules:
  - id: run-red
    on: ci.run
    where: {level: run, state: failing}
    key: [repo, run]
    title: "run %(title)s is red"
    propose:
      plan: [{do: %(action)s, with: {run: "{{run}}"}, why: "It passed before."}]
      cooldown: 1s
%(more)s
    verify: {quiet: 1s}
"""
ACTIONS = """
  at-once:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: external
    hold: 0s
  held:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: external
    hold: 1h
  held-shortly:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: external
    hold: 2s
  with-undo:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: write
    undo: put-back
  put-back:
    run: [%(fixtures)s/record, "%(log)s", "back-{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: write
"""


def rule(action="at-once", more="", title="{{run}}"):
    more = "\n".join(f"      {line}" for line in more.splitlines())
    return {"ci.yaml": RULE % {"action": action, "more": more, "title": title}}


class Browser:
    """A browser that has signed in with a token."""

    def __init__(self, vedette, token=JANE):
        self.vedette = vedette
        answer = vedette.request("control", "POST", "/api/v1/sign-in", json.dumps({"token": token}), {
            "Content-Type": "application/json", "Origin": self.origin(), "Sec-Fetch-Site": "same-origin"})
        assert answer.status == 200, answer
        self.set_cookie = answer.headers["set-cookie"]
        self.cookie = self.set_cookie.split(";")[0]

    def origin(self):
        return "http://" + self.vedette.addresses["control"]

    def post(self, path, body, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        return self.vedette.request("control", "POST", path, json.dumps(body), {
            "Content-Type": "application/json", "Cookie": self.cookie, **headers})

    def decide(self, proposal, verdict, **more):
        return self.post(f"/api/v1/proposals/{proposal['id']}/decision",
                         {"verdict": verdict, "plan_digest": proposal["plan_digest"], **more}, Origin=self.origin())


class Decisions(VedetteTest):
    def watched(self, action="at-once", more="", actions="", **options):
        where = self.directory / str(len(self.daemons))
        given = {"fixtures": os.path.join(os.path.dirname(__file__), "fixtures"), "log": where / "steps.log"}
        return self.vedette(rules=rule(action, more), actions=ACTIONS % given + actions, **options)

    def propose(self, vedette, run=1, **more):
        answer = vedette.send_github("workflow_run", workflow_run(run=run, **more))
        self.assertEqual(answer.status, 202)
        return vedette.wait_for_proposal(title=f"run {run} is red", state="open")

    def post(self, vedette, proposal, body, token=JANE):
        identity = proposal if isinstance(proposal, str) else proposal["id"]
        return vedette.api(f"/api/v1/proposals/{identity}/decision", "POST", body, token)

    def now(self, vedette, proposal):
        return vedette.api(f"/api/v1/proposals/{proposal['id']}").json()

    def wait_for_end(self, vedette, proposal, state):
        return vedette.wait_for_proposal(id=proposal["id"], state=state)

    def audited(self, vedette, what):
        return [entry for entry in vedette.items("audit", limit=1000) if entry["what"] == what]

    # --- the answers ---

    def test_what_comes_first_in_the_list_of_answers_is_told_first(self):
        vedette = self.watched("held")
        proposal, other = self.propose(vedette), self.propose(vedette, run=2)
        digest, old = proposal["plan_digest"], "0" * 64

        # Each request is wrong in every way that stands below its answer, too.
        for status, where, body, token in [
            (401, "prp_00000000000000000000000000", {"verdict": "?"}, None),
            (401, proposal, {"verdict": "approve", "plan_digest": digest}, "a guess"),
            (404, "prp_00000000000000000000000000", {"verdict": "?"}, VISITOR),
            (404, "zzzzz", {"verdict": "approve"}, JANE),
            (403, proposal, {"verdict": "?"}, VISITOR),
            (403, proposal, {"verdict": "approve"}, VISITOR),
            (403, proposal, {"verdict": "reject", "plan_digest": old}, VISITOR),
            (428, proposal, {"verdict": "approve", "note": "x" * 5000}, JANE),
            (412, proposal, {"verdict": "approve", "plan_digest": old, "note": "x" * 5000}, JANE),
            (412, proposal, {"verdict": "reject", "plan_digest": old}, JANE),
            (400, proposal, {"verdict": "reject", "plan_digest": digest}, JANE),
            (400, proposal, {"verdict": "reject", "reason": "because"}, JANE),
            (400, proposal, {"verdict": "?"}, JANE),
            (400, proposal, {}, JANE),
            (400, proposal, {"verdict": "approve", "plan_digest": digest, "who": "jane"}, JANE),
            (400, proposal, {"verdict": "approve", "plan_digest": digest, "note": 7}, JANE),
            (400, proposal, {"verdict": "snooze", "for": "soon"}, JANE),
            (400, proposal, {"verdict": "snooze", "for": "30s"}, JANE),
            (400, proposal, {"verdict": "approve", "plan_digest": digest, "note": "x" * 5000}, JANE),
            (200, proposal, {"verdict": "approve", "plan_digest": digest}, JANE),
            (403, proposal, {"verdict": "approve", "plan_digest": digest}, VISITOR),
            (200, proposal, {"verdict": "approve", "plan_digest": digest}, JANE),
            (200, proposal, {"verdict": "approve"}, JOHN),
            (409, proposal, {"verdict": "reject", "plan_digest": old}, JANE),
            (409, proposal, {"verdict": "ack"}, JOHN),
            (200, other, {"verdict": "reject", "reason": "known"}, JOHN),
            (200, other, {"verdict": "reject"}, JANE),
            (409, other, {"verdict": "approve"}, JANE),
            (409, other, {"verdict": "approve", "plan_digest": old}, JANE),
        ]:
            with self.subTest(status=status, body=body, token=token):
                answer = self.post(vedette, where, body, token)
                self.assertEqual(answer.status, status, answer)
                if status >= 400:
                    self.assertEqual(answer.headers["content-type"], "application/problem+json")
                    self.assertEqual(answer.json()["status"], status)
                    self.assertTrue(answer.json()["title"])
                if status in (409, 412):
                    self.assertEqual(answer.json()["proposal"]["id"], where["id"])
        self.assertEqual(vedette.steps_run(), [])

    def test_a_body_that_is_no_decision_is_400_and_costs_nobody_anything(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)
        path = f"/api/v1/proposals/{proposal['id']}/decision"
        headers = {"Authorization": f"Bearer {JANE}", "Content-Type": "application/json"}

        for body in (b"", b"{", b"[]", b"null", b'"approve"', b'{"verdict":"approve"}{}', b'{"verdict":["approve"]}', b'{"verdict":"approve\\u0000"}',
                     b'{"verdict":"ack","verdict":"approve"}', b'{"verdict":"\xff"}', b"[" * 5000, b'{"verdict": 1e999}'):
            with self.subTest(body=body[:40]):
                self.assertEqual(vedette.request("control", "POST", path, body, headers).status, 400)
        self.assertEqual(vedette.request("control", "POST", path, b'{"verdict":"ack","note":"' + b"x" * 70000 + b'"}', headers).status, 413)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(self.now(vedette, proposal)["decisions"], [])

    def test_with_two_of_two_the_first_approval_is_recorded_and_nothing_runs_before_the_second(self):
        vedette = self.watched(more="approvers: {from: [oncall], need: 2}")
        proposal = self.propose(vedette)

        first = vedette.decide(proposal, "approve")
        self.assertEqual((first.status, first.json()["state"]), (200, "open"))
        self.assertIn("1 of 2", first.json()["detail"])
        again = vedette.decide(proposal, "approve")
        self.assertEqual((again.status, again.json()["state"]), (200, "open"))
        self.assertIn("1 of 2", again.json()["detail"])
        self.assertEqual(len(again.json()["decisions"]), 1)
        self.assertEqual(vedette.steps_run(), [])

        second = vedette.decide(proposal, "approve", token=JOHN)
        self.assertEqual(second.status, 200)
        ended = self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual([decision["by"] for decision in ended["decisions"]], ["jane", "john"])
        self.assertEqual(vedette.steps_run(), ["1"])

    def test_between_two_approvals_one_no_is_enough(self):
        vedette = self.watched(more="approvers: {from: [oncall], need: 2}")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")

        self.assertEqual(vedette.decide(proposal, "reject", token=JOHN, reason="wrong_action").status, 200)
        self.assertEqual(self.now(vedette, proposal)["state"], "rejected")
        self.assertEqual(vedette.decide(proposal, "approve", token=JOHN).status, 409)
        self.assertEqual(vedette.steps_run(), [])

    # --- who ---

    def test_a03_who_caused_it_does_not_decide_where_the_rule_says_not_the_actor(self):
        vedette = self.watched(more="approvers: {from: [oncall], not: [actor]}")
        proposal = self.propose(vedette, actor="jane")

        refused = vedette.decide(proposal, "approve", token=JANE)
        self.assertEqual(refused.status, 403)
        self.assertIn("caused it", refused.json()["detail"])
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(vedette.decide(proposal, "approve", token=JOHN).status, 200)
        self.wait_for_end(vedette, proposal, "verified")

    def test_a03_a_later_event_of_another_actor_does_not_make_the_first_one_an_approver(self):
        vedette = self.watched(more="approvers: {from: [oncall], not: [actor]}")
        proposal = self.propose(vedette, actor="jane")
        vedette.send_github("workflow_run", workflow_run(run=1, actor="somebody"))
        vedette.wait_until_folded()

        self.assertEqual(vedette.decide(proposal, "approve", token=JANE).status, 403)

    def test_a03_who_may_not_decide_is_told_so_and_the_attempt_is_kept(self):
        vedette = self.watched(more="approvers: {from: [jane]}")
        proposal = self.propose(vedette)

        for token, name in [(VISITOR, "visitor"), (JOHN, "john")]:
            for verdict in ("approve", "reject", "ack", "snooze", "take_back", "undo", "settle"):
                answer = vedette.decide(proposal, verdict, token=token, reason="known", settle="ran", **{"for": "1h"})
                self.assertEqual(answer.status, 403, (name, verdict, answer))
        refused = self.audited(vedette, "refused")
        self.assertEqual({entry["who"] for entry in refused}, {"visitor", "john"})
        self.assertEqual(len(refused), 14)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes", token=JOHN).returncode, 4)

    def test_a16_with_a_configuration_the_daemons_own_user_on_the_socket_decides_nothing(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        path = f"/api/v1/proposals/{proposal['id']}/decision"
        body = json.dumps({"verdict": "approve", "plan_digest": proposal["plan_digest"]})

        self.assertEqual(vedette.request("socket", "GET", "/api/v1/proposals").status, 200)  # it may look
        self.assertEqual(vedette.request("socket", "POST", path, body, {"Content-Type": "application/json"}).status, 403)
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes", socket_only=True).returncode, 4)
        self.assertEqual(vedette.cli("reject", proposal["short"], "--reason", "known", socket_only=True).returncode, 4)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(len(self.audited(vedette, "refused")), 3)

    def test_what_an_action_starts_decides_nothing_at_any_door_with_anybodys_token(self):
        where = self.directory / "0"
        vedette = self.watched("traitor", actions=f"""
  traitor:
    run: [{os.path.dirname(__file__)}/fixtures/try_to_decide, {where}/attempt.json, {where}/attempted.json]
    params: {{run: '/[0-9]+/'}}
    effect: external
    check: [/usr/bin/true, "{{{{run}}}}"]
""")
        victim, proposal = self.propose(vedette, run=1), self.propose(vedette, run=2)
        vedette.write("attempt.json", json.dumps({
            "proposal": victim["id"], "plan_digest": victim["plan_digest"], "token": JOHN, "control": vedette.addresses["control"],
            "socket": vedette.addresses["socket"].removeprefix("unix:"), "vedette": str(BINARY), "config": str(vedette.config_path)}))

        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        attempted = vedette.directory / "attempted.json"
        wait_until(attempted.exists, "it has tried everything")
        for who, answers in json.loads(attempted.read_text()).items():
            self.assertEqual(answers, [403, 403, 403, 403, 4, 4], who)
        self.assertEqual(self.now(vedette, victim)["state"], "open")
        self.assertFalse(vedette.api("/api/v1/status").json().get("paused"))
        self.assertTrue(len(self.audited(vedette, "refused")) >= 10)
        self.assertTrue(all(entry["object"] == victim["id"] for entry in self.audited(vedette, "refused")))

    # --- one decision ---

    def test_a01_of_many_decisions_at_the_same_time_one_wins_and_everybody_is_told_the_truth(self):
        vedette = self.watched()
        browser = Browser(vedette, JOHN)
        winners = {}
        for number in range(1, ROUNDS + 1):
            vedette.send_github("workflow_run", workflow_run(run=number))
        wait_until(lambda: len(vedette.items("proposals", state="open", limit=1000)) == ROUNDS, "every run is proposed")

        for proposal in vedette.items("proposals", state="open", limit=1000):
            contest = [
                lambda: vedette.decide(proposal, "approve", token=JANE),
                lambda: vedette.decide(proposal, "reject", token=JOHN, reason="known"),
                lambda: browser.decide(proposal, "approve"),
                lambda: browser.decide(proposal, "reject", reason="wrong_cause"),
                lambda: vedette.decide(proposal, "approve", token=JANE),
            ]
            if proposal["key"][1].endswith("0"):
                contest = contest[:-1] + [lambda: self.by_command_line(vedette, "approve", proposal),
                                          lambda: self.by_command_line(vedette, "reject", proposal)]
            random.Random(proposal["key"][1]).shuffle(contest)
            winners[proposal["key"][1]] = self.judge(vedette, proposal, together(len(contest), lambda i: contest[i]()))
        approved = sorted(run for run, verdict in winners.items() if verdict == "approve")
        wait_until(lambda: not vedette.items("proposals", state="approved,running,verifying"), "what was approved has ended")
        self.assertEqual(sorted(vedette.steps_run()), approved)
        self.assertEqual(len(self.audited(vedette, "decision")), ROUNDS)

    def by_command_line(self, vedette, verdict, proposal):
        arguments = ["--yes", "--no-wait"] if verdict == "approve" else ["--reason", "known"]
        done = vedette.cli(verdict, proposal["short"], "--json", *arguments)
        self.assertIn(done.returncode, (0, 5), done.stderr)
        return done

    def judge(self, vedette, proposal, answers):
        """One winner, and what everybody was told fits it; returns the verdict that won."""
        standing = self.now(vedette, proposal)["decisions"]
        self.assertEqual(len(standing), 1)
        winner = standing[0]
        participle = {"approve": "approved", "reject": "rejected"}[winner["verdict"]]
        n_taken = 0
        for answer in answers:
            by_hand = isinstance(answer, subprocess.CompletedProcess)
            stands = answer.returncode == 0 if by_hand else answer.status == 200
            told = (answer.stdout or answer.stderr) if by_hand else answer.body.decode()
            if not by_hand:
                self.assertIn(answer.status, (200, 409))
            if stands and "already" not in told:
                n_taken += 1
                continue
            self.assertIn(f"already {participle} by {winner['by']}", told)
        self.assertEqual(n_taken, 1, answers)
        return winner["verdict"]

    def test_a08_an_approval_is_spent_once_whatever_is_clicked_afterwards(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        self.wait_for_end(vedette, proposal, "verified")
        self.assertNotIn("verifies", vedette.cli("show", proposal["short"], check=0).stdout)

        for token in (JANE, JOHN, JANE):
            again = vedette.decide(proposal, "approve", token=token)
            self.assertEqual(again.status, 200)
            self.assertIn("already approved by jane", again.json()["detail"])
            self.assertIn("verified", again.json()["detail"])
        vedette.restart()
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        self.assertEqual(vedette.decide(proposal, "reject", reason="known").status, 409)
        vedette.wait_until_folded()
        self.assertEqual(vedette.steps_run(), ["1"])
        self.assertEqual(len(self.audited(vedette, "decision")), 1)

    # --- expiry ---

    def test_a02_an_approval_after_the_expiry_does_nothing_and_says_so(self):
        vedette = self.watched(more="expires: 1s")
        proposal = self.propose(vedette)

        expired = self.wait_for_end(vedette, proposal, "expired")
        self.assertIn("nothing happened", expired["outcome"])
        refused = vedette.decide(proposal, "approve")
        self.assertEqual(refused.status, 409)
        self.assertIn("expired at", refused.json()["detail"])
        self.assertEqual(refused.json()["proposal"]["state"], "expired")
        self.assertEqual(vedette.cli("approve", proposal["short"], "--yes").returncode, 5)
        self.assertEqual(vedette.steps_run(), [])

    def test_a02_on_the_edge_of_the_expiry_an_approval_counts_before_it_and_not_after_it(self):
        vedette = self.watched(more="expires: 1s")
        for number in range(1, 25):
            vedette.send_github("workflow_run", workflow_run(run=number))
        proposals = wait_until(lambda: (found := vedette.items("proposals", limit=100)) and len(found) == 24 and found, "all are proposed")
        answers = {}

        def keep_asking(i):
            """Until it is told an end, so that some approvals meet the very edge."""
            proposal = proposals[i]
            expires = time.mktime(time.strptime(proposal["expires"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0" + proposal["expires"][19:-1])
            aim = expires + (i - 12) / 1000
            while time.time() < aim:
                pass
            answers[proposal["id"]] = vedette.decide(proposal, "approve")

        together(4, lambda part: [keep_asking(i) for i in range(part, 24, 4)])
        wait_until(lambda: not vedette.items("proposals", state="open,approved,running,verifying", limit=100), "all have ended")
        for asked in proposals:  # on a slow machine some ask again meanwhile: their cooldown is short
            with self.subTest(run=asked["key"][1]):
                proposal, answer = self.now(vedette, asked), answers[asked["id"]]
                decided = proposal.get("decisions", [])
                self.assertEqual(answer.status, 200 if decided else 409)
                self.assertTrue(all(decision["at"] < proposal["expires"] for decision in decided))
                self.assertEqual(vedette.steps_run().count(proposal["key"][1]), 1 if proposal["state"] in ("verified", "recurred") else 0)
                self.assertIn(proposal["state"], ("verified", "stale") if decided else ("expired",))

    def test_a02_what_is_held_when_it_expires_never_starts(self):
        vedette = self.watched("held-shortly", more="expires: 1s")
        proposal = self.propose(vedette)

        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        stale = self.wait_for_end(vedette, proposal, "stale")
        self.assertIn("nothing ran", stale["outcome"])
        self.assertEqual(vedette.steps_run(), [])

    def test_a13_an_approval_that_the_disk_refuses_is_refused_and_nothing_acts(self):
        vedette = self.watched()
        proposal = self.propose(vedette)

        resource.prlimit(vedette.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        self.assertEqual(vedette.decide(proposal, "approve").status, 503)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(vedette.steps_run(), [])
        resource.prlimit(vedette.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual(vedette.steps_run(), ["1"])

    # --- what was changed since ---

    def test_a04_a_rule_that_changed_makes_a_new_revision_and_voids_what_was_approved(self):
        vedette = self.watched(more="approvers: {from: [oncall], need: 2}")
        proposal = self.propose(vedette)
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)

        vedette.write("rules.d/ci.yaml", rule("with-undo", "approvers: {from: [oncall], need: 2}")["ci.yaml"])
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
        changed = self.now(vedette, proposal)
        self.assertEqual((changed["id"], changed["state"], changed["revision"]), (proposal["id"], "open", 2))
        self.assertNotEqual(changed["plan_digest"], proposal["plan_digest"])
        self.assertEqual(changed["plan"][0]["action"], "with-undo")
        self.assertEqual(len(vedette.items("proposals")), 1)

        old_click = vedette.decide(proposal, "approve", token=JOHN)
        self.assertEqual(old_click.status, 412)
        self.assertEqual(old_click.json()["proposal"]["plan_digest"], changed["plan_digest"])
        self.assertIn("revision 2", old_click.json()["detail"])
        first = vedette.decide(changed, "approve", token=JOHN)
        self.assertIn("1 of 2", first.json()["detail"])  # jane's was for another plan
        self.assertEqual(vedette.decide(changed, "approve", token=JANE).status, 200)
        self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual(vedette.steps_run(), ["1"])

    def test_a04_a_rule_that_changes_while_an_approval_is_held_makes_it_stale(self):
        vedette = self.watched("held-shortly")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")

        vedette.write("rules.d/ci.yaml", rule("held-shortly", title="{{run}} of {{repo}}")["ci.yaml"])
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)
        stale = self.wait_for_end(vedette, proposal, "stale")
        self.assertIn("its rule has changed", stale["outcome"])
        self.assertEqual(vedette.steps_run(), [])

    def test_a04_a_rule_that_changed_while_the_daemon_was_away_is_noticed_as_well(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        vedette.kill()
        vedette.write("rules.d/ci.yaml", rule("with-undo")["ci.yaml"])
        vedette.start()

        self.assertEqual(vedette.decide(proposal, "approve").status, 412)
        self.assertEqual(self.now(vedette, proposal)["revision"], 2)

    def test_a18_a_rule_that_is_removed_withdraws_what_it_asked(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        vedette.write("rules.d/ci.yaml", "rules: [{id: another, on: alert}]\n")
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)

        self.assertEqual(self.now(vedette, proposal)["state"], "withdrawn")
        self.assertEqual(vedette.decide(proposal, "approve").status, 409)

    # --- restarts ---

    def test_a07_a_restart_between_proposal_and_decision_loses_no_click(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        vedette.restart()

        self.assertEqual(self.now(vedette, proposal), proposal)
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual(vedette.steps_run(), ["1"])

    def test_a09_a_restart_between_approval_and_act_acts_exactly_once(self):
        vedette = self.watched("held-shortly")
        proposal = self.propose(vedette)
        self.assertEqual(vedette.decide(proposal, "approve").json()["state"], "approved")
        vedette.restart()
        vedette.restart()

        self.wait_for_end(vedette, proposal, "verified")
        vedette.restart()
        self.assertEqual(self.now(vedette, proposal)["state"], "verified")
        self.assertEqual(vedette.steps_run(), ["1"])

    def test_a09_what_expired_while_the_daemon_was_away_does_not_act_after_the_restart(self):
        vedette = self.watched("held-shortly", more="expires: 3s")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        vedette.kill()
        end = time.time() + 4
        wait_until(lambda: time.time() > end, "it has expired")
        vedette.start()

        stale = self.wait_for_end(vedette, proposal, "stale")
        self.assertIn("expired", stale["outcome"])
        self.assertEqual(vedette.steps_run(), [])

    # --- the other verdicts ---

    def test_an_approval_that_is_held_can_be_taken_back_and_no_late_click_brings_it_back(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)
        self.assertEqual(vedette.decide(proposal, "approve").json()["state"], "approved")
        self.assertEqual(vedette.decide(proposal, "take_back", token=JOHN).status, 403)  # it is jane's

        taken = vedette.decide(proposal, "take_back")
        self.assertEqual((taken.status, taken.json()["state"], taken.json()["revision"]), (200, "open", 2))
        self.assertEqual(taken.json()["decisions"][0].get("is_void", taken.json()["decisions"][0].get("void")), True)
        self.assertEqual(vedette.decide(proposal, "take_back").status, 200)  # the same again
        self.assertEqual(vedette.decide(proposal, "approve").status, 412)  # the click of before
        self.assertEqual(vedette.decide(proposal, "approve", token=JOHN).status, 412)
        self.assertEqual(vedette.decide(taken.json(), "approve", token=JOHN).json()["state"], "approved")
        self.assertEqual(vedette.steps_run(), [])

    def test_the_page_and_a_token_hold_as_the_action_says(self):
        vedette = self.watched("with-undo")  # says nothing: 10 s from the page, none from a token
        proposal, other = self.propose(vedette), self.propose(vedette, run=2)

        held = Browser(vedette).decide(proposal, "approve")
        self.assertEqual((held.status, held.json()["state"]), (200, "approved"))
        self.assertIn("unless you take it back", held.json()["detail"])
        self.assertEqual(held.json()["decisions"][0]["via"], "page")
        vedette.decide(other, "approve")
        self.wait_for_end(vedette, other, "verified")
        self.assertEqual(self.now(vedette, proposal)["state"], "approved")
        self.assertEqual(vedette.steps_run(), ["2"])

    def test_what_resolves_while_its_approval_is_held_is_stale(self):
        vedette = self.watched("held-shortly")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        vedette.send_github("workflow_run", workflow_run("success", run=1))

        self.assertIn("the signal resolved", self.wait_for_end(vedette, proposal, "stale")["outcome"])
        self.assertEqual(vedette.decide(proposal, "take_back").status, 409)
        self.assertEqual(vedette.steps_run(), [])

    def test_an_acknowledgement_marks_an_open_proposal_and_decides_nothing(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)

        self.assertEqual(vedette.cli("ack", proposal["short"], check=0).returncode, 0)
        marked = self.now(vedette, proposal)
        self.assertEqual((marked["state"], marked["revision"], marked["acknowledged_by"]), ("open", 1, "jane"))
        self.assertIn("already", vedette.decide(proposal, "ack").json()["detail"])
        self.assertEqual(vedette.decide(proposal, "approve").json()["state"], "approved")

    def test_a_snooze_within_the_expiry_is_a_mark_and_one_past_it_makes_a_new_revision(self):
        vedette = self.watched("held", more="expires: 2h")
        proposal = self.propose(vedette)

        short = vedette.decide(proposal, "snooze", **{"for": "1h"}).json()
        self.assertEqual((short["state"], short["revision"], short["expires"]), ("open", 1, proposal["expires"]))
        self.assertTrue(short["snoozed_until"])
        self.assertIn("already", vedette.decide(proposal, "snooze", **{"for": "1h"}).json()["detail"])
        long = vedette.decide(proposal, "snooze", **{"for": "3h"}).json()
        self.assertEqual((long["state"], long["revision"]), ("open", 2))
        self.assertGreater(long["expires"], long["snoozed_until"])
        self.assertNotEqual(long["plan_digest"], proposal["plan_digest"])
        self.assertEqual(vedette.decide(proposal, "approve").status, 412)
        self.assertEqual(vedette.decide(long, "approve").status, 200)

    def test_a_rejected_plan_is_not_offered_again_while_the_facts_are_the_same(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)
        rejected = vedette.decide(proposal, "reject", reason="wrong_action", note="that is not it").json()
        self.assertEqual(rejected["state"], "rejected")
        self.assertEqual(rejected["outcome"], "rejected by jane (wrong_action)")

        again = self.propose(vedette)  # still firing after the cooldown: it asks again
        self.assertNotEqual(again["id"], proposal["id"])
        self.assertFalse(again.get("plan"))
        self.assertIn("rejected before", again["refused"])
        refused = self.post(vedette, again, {"verdict": "approve"})
        self.assertEqual(refused.status, 428)
        self.assertIn("there is no plan to approve", refused.json()["detail"])
        self.assertEqual(vedette.decide({**again, "plan_digest": proposal["plan_digest"]}, "approve").status, 412)
        self.assertEqual(again["track_record"]["rejected"], 1)

    def test_what_was_done_is_undone_once_and_told(self):
        vedette = self.watched("with-undo")
        proposal = self.propose(vedette)
        self.assertEqual(vedette.decide(proposal, "undo").status, 409)  # there is nothing yet
        vedette.decide(proposal, "approve")
        self.wait_for_end(vedette, proposal, "verified")

        self.assertEqual(vedette.cli("undo", proposal["short"]).returncode, 0)
        self.wait_for_end(vedette, proposal, "undone")
        self.assertIn("already", vedette.decide(proposal, "undo", token=JOHN).json()["detail"])
        self.assertEqual(vedette.steps_run(), ["1", "back-1"])

    def test_what_declares_no_undo_cannot_be_undone(self):
        vedette = self.watched("at-once")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        self.wait_for_end(vedette, proposal, "verified")

        refused = vedette.decide(proposal, "undo")
        self.assertEqual(refused.status, 409)
        self.assertIn("declares no undo", refused.json()["detail"])

    # --- pause ---

    def test_while_paused_nothing_acts_and_everything_else_goes_on(self):
        vedette = self.watched()
        self.assertEqual(vedette.cli("pause", check=0).returncode, 0)
        proposal = self.propose(vedette)

        self.assertEqual(vedette.decide(proposal, "approve").json()["state"], "approved")
        self.propose(vedette, run=2)
        self.assertTrue(vedette.api("/api/v1/status").json()["paused"])
        vedette.restart()
        self.assertTrue(vedette.api("/api/v1/status").json()["paused"])
        self.assertEqual(self.now(vedette, proposal)["state"], "approved")
        self.assertEqual(vedette.steps_run(), [])

        self.assertEqual(vedette.cli("resume", check=0).returncode, 0)
        self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual(vedette.steps_run(), ["1"])
        self.assertEqual([len(self.audited(vedette, what)) for what in ("pause", "resume")], [1, 1])

    def test_who_approves_while_paused_is_told_and_does_not_wait(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        vedette.cli("pause", check=0)

        told = vedette.cli("approve", proposal["short"], "--yes", check=1).stderr
        self.assertIn("paused: it starts after `vedette resume`\n", told)
        self.assertEqual(self.now(vedette, proposal)["state"], "approved")
        self.assertEqual(vedette.steps_run(), [])
        vedette.cli("resume", check=0)
        self.wait_for_end(vedette, proposal, "verified")

    def test_a_step_whose_check_runs_when_somebody_pauses_does_not_start(self):
        vedette, touched = self.checking()
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        wait_until(lambda: (touched / "checking").exists(), "the check runs")

        vedette.cli("pause", check=0)
        (touched / "go").touch()
        wait_until(lambda: not vedette.metric("vedette_outbox_depth", channel="check"), "the check has ended")
        self.assertEqual(self.now(vedette, proposal)["state"], "approved")
        self.assertEqual(vedette.steps_run(), [])
        vedette.cli("resume", check=0)
        self.wait_for_end(vedette, proposal, "verified")
        self.assertEqual(vedette.steps_run(), ["1"])

    def test_what_resolves_while_its_check_runs_is_stale_and_the_check_comes_too_late(self):
        vedette, touched = self.checking()
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        wait_until(lambda: (touched / "checking").exists(), "the check runs")

        vedette.send_github("workflow_run", workflow_run("success", run=1))
        self.wait_for_end(vedette, proposal, "stale")
        (touched / "go").touch()
        wait_until(lambda: not vedette.metric("vedette_outbox_depth", channel="check"), "the check has ended")
        self.assertEqual(self.now(vedette, proposal)["state"], "stale")
        self.assertEqual(vedette.steps_run(), [])
        self.assertNotIn("result not stored", vedette.log())

    def checking(self):
        touched = self.directory
        return self.watched("slow", actions=f"""
  slow:
    run: [{os.path.dirname(__file__)}/fixtures/record, {self.directory}/0/steps.log, "{{{{run}}}}"]
    check: [/bin/sh, -c, 'touch {touched}/checking; until test -e {touched}/go; do sleep 0.05; done']
    params: {{run: '/[0-9]+/'}}
    effect: write
"""), touched

    def test_what_ends_while_somebody_paused_is_over_and_is_verified(self):
        touched = self.directory
        vedette = self.watched("ending", actions=f"""
  ending:
    run: [/bin/sh, -c, 'touch {touched}/running; until test -e {touched}/go; do sleep 0.05; done', "{{{{run}}}}"]
    params: {{run: '/[0-9]+/'}}
    effect: write
""")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        wait_until(lambda: (touched / "running").exists(), "the step runs")

        vedette.cli("pause", check=0)
        (touched / "go").touch()
        self.wait_for_end(vedette, proposal, "verified")
        self.assertTrue(vedette.api("/api/v1/status").json()["paused"])

    def test_while_paused_nothing_is_undone_either(self):
        vedette = self.watched("with-undo")
        proposal = self.propose(vedette)
        vedette.decide(proposal, "approve")
        self.wait_for_end(vedette, proposal, "verified")
        vedette.cli("pause", check=0)

        self.assertEqual(vedette.decide(proposal, "undo").json()["state"], "undoing")
        vedette.restart()
        self.assertEqual(self.now(vedette, proposal)["state"], "undoing")
        self.assertEqual(vedette.steps_run(), ["1"])
        vedette.cli("resume", check=0)
        self.wait_for_end(vedette, proposal, "undone")
        self.assertEqual(vedette.steps_run(), ["1", "back-1"])

    # --- browsers and links ---

    def everything(self, vedette):
        """All state that a GET could have changed."""
        return {name: vedette.api(f"/api/v1/{name}?limit=1000").json() for name in ("proposals", "signals", "tasks", "events", "audit", "rules")}

    def test_a10_no_get_on_any_route_changes_anything(self):
        vedette = self.watched("held")
        proposal, held = self.propose(vedette), self.propose(vedette, run=2)
        vedette.decide(held, "approve")
        signal, task, event = (vedette.items(name)[0]["id"] for name in ("signals", "tasks", "events"))
        ids = {"proposals": proposal["id"], "signals": signal, "tasks": task, "events": event, "rules": "run-red"}
        described = vedette.api("/api/v1/openapi.json").json()["paths"]
        before = self.everything(vedette)
        browser = Browser(vedette)

        asked = 0
        for path, methods in described.items():
            words = path.split("/")
            for i, word in enumerate(words):
                if word.startswith("{"):
                    words[i] = ids.get(words[i - 1], "github")
            where = "/".join(words)
            if where == "/api/v1/stream":
                continue  # it never ends: below
            query = f"?verdict=approve&plan_digest={proposal['plan_digest']}&token={JANE.replace(' ', '+')}"
            for door in ("control", "public", "socket"):
                for headers in ({"Authorization": f"Bearer {JANE}"}, {"Cookie": browser.cookie, "Origin": browser.origin()}):
                    for method in ("GET", "HEAD", "OPTIONS"):
                        for asking in (where, where + query):
                            answer = vedette.request(door, method, asking, headers=headers)
                            asked += 1
                            if method == "GET" and "get" not in methods:
                                self.assertIn(answer.status, (404, 405), (door, asking))
        vedette.read_stream(last_id=0, until_quiet=True)
        vedette.wait_until_folded()
        self.assertEqual(self.everything(vedette), before)
        self.assertGreater(asked, 500)

    def test_a10_a_preview_that_follows_the_sign_in_link_spends_nothing(self):
        vedette = self.watched("held")
        page = vedette.request("control", "GET", "/sign-in?code=abc")
        self.assertEqual(page.status, 200)
        self.assertNotIn("set-cookie", page.headers)

    def test_a11_a_change_from_a_page_of_another_site_is_refused_although_it_has_the_cookie(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)
        browser = Browser(vedette)
        path = f"/api/v1/proposals/{proposal['id']}/decision"
        body = {"verdict": "approve", "plan_digest": proposal["plan_digest"]}
        own = browser.origin()

        for name, headers in {
            "no origin at all": {},
            "another site": {"Origin": "http://evil.example"},
            "a sandboxed frame": {"Origin": "null"},
            "an empty origin": {"Origin": ""},
            "another port": {"Origin": "http://127.0.0.1:1"},
            "our name as a prefix": {"Origin": own + ".evil.example"},
            "our name as a user": {"Origin": own + "@evil.example"},
            "the browser says so": {"Origin": own, "Sec_Fetch_Site": "cross-site"},
            "a neighbour": {"Origin": own, "Sec_Fetch_Site": "same-site"},
        }.items():
            with self.subTest(name):
                for where in (path, "/api/v1/pause", "/api/v1/reload", "/api/v1/resume"):
                    self.assertEqual(browser.post(where, body if where == path else {}, **headers).status, 403, where)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        self.assertEqual(browser.post(path, body, Origin=own, Sec_Fetch_Site="same-origin").status, 200)

    def test_a11_a_form_of_another_site_is_no_decision(self):
        vedette = self.watched("held")
        proposal = self.propose(vedette)
        browser = Browser(vedette)
        path = f"/api/v1/proposals/{proposal['id']}/decision"
        for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            answer = vedette.request("control", "POST", path, json.dumps({"verdict": "ack"}), {
                "Cookie": browser.cookie, "Origin": "http://evil.example", "Content-Type": content_type})
            self.assertEqual(answer.status, 403)
        self.assertNotIn("acknowledged_by", self.now(vedette, proposal))

    def test_a11_the_cookie_is_out_of_reach_and_a_session_is_new_at_every_sign_in_and_over_at_the_end(self):
        vedette = self.watched("held")
        browser, other = Browser(vedette), Browser(vedette)
        self.assertIn("HttpOnly", browser.set_cookie)
        self.assertIn("SameSite=Strict", browser.set_cookie)
        self.assertNotEqual(browser.cookie, other.cookie)
        self.assertEqual(vedette.request("control", "GET", "/api/v1/me", headers={"Cookie": browser.cookie}).json(), {"person": "jane"})

        # A value that somebody else has chosen is never taken on.
        chosen = "vedette_session=" + "a" * 64
        fixed = vedette.request("control", "POST", "/api/v1/sign-in", json.dumps({"token": JANE}), {
            "Content-Type": "application/json", "Origin": browser.origin(), "Cookie": chosen})
        self.assertNotIn(chosen, fixed.headers["set-cookie"])
        self.assertEqual(vedette.request("control", "GET", "/api/v1/proposals", headers={"Cookie": chosen}).status, 401)

        self.assertEqual(browser.post("/api/v1/sign-out", {}, Origin=browser.origin()).status, 200)
        self.assertEqual(vedette.request("control", "GET", "/api/v1/proposals", headers={"Cookie": browser.cookie}).status, 401)
        self.assertEqual(vedette.request("control", "GET", "/api/v1/proposals", headers={"Cookie": other.cookie}).status, 200)

    def test_a11_guessing_tokens_is_throttled(self):
        vedette = self.watched("held")
        origin = "http://" + vedette.addresses["control"]

        def sign_in(token):
            return vedette.request("control", "POST", "/api/v1/sign-in", json.dumps({"token": token}), {"Content-Type": "application/json", "Origin": origin}).status

        guesses = [sign_in(f"guess {i}") for i in range(20)]
        self.assertEqual(guesses, [401] * 10 + [429] * 10)
        self.assertEqual(vedette.api("/api/v1/me").json(), {"person": "jane"})  # who holds a token is not locked out

    def test_a11_no_page_of_ours_may_be_framed_or_run_foreign_script(self):
        vedette = self.watched("held")
        for path in ("/", "/sign-in", "/app.js"):
            with self.subTest(path):
                policy = vedette.api(path).headers["content-security-policy"]
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)
        for path in ("/", "/sign-in", "/app.js", "/api/v1/proposals", "/no-such-page"):
            self.assertEqual(vedette.api(path).headers["x-content-type-options"], "nosniff", path)
