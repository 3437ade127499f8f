"""A person changes parameters of an open plan: what that makes of it, of what was approved before, and what can never be typed."""
import json
import os

from harness import JANE, JOHN, VedetteTest, wait_until, workflow_run

VISITOR = "a token that only a visitor holds"

RULE = """
rules:
  - id: run-red
    on: ci.run
    where: {level: run, state: failing}
    key: [repo, run]
    title: "run {{run}} is red"%(title)s
    propose:
      plan:
        - {do: record, with: {run: "{{run}}"}, why: "It passed before."}
        - {do: tell, with: {words: "run {{run}}"}}
      approvers: {from: [oncall], need: %(need)d}
      cooldown: 1s
    verify: {quiet: 1s}
"""
ACTIONS = """
  record:
    run: [%(fixtures)s/record, "%(log)s", "{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: write
    hold: 0s
    undo: put-back
  put-back:
    run: [%(fixtures)s/record, "%(log)s", "back-{{run}}"]
    params: {run: '/[0-9]+/'}
    effect: write
    hold: 0s
  tell:
    run: [%(fixtures)s/record, "%(log)s", "{{words}}"]
    params: {words: text}
    effect: write
    undo: untell
    hold: 0s
  untell:
    run: [/usr/bin/true]
    effect: write
    hold: 0s
  ask:
    request:
      method: POST
      url: "http://127.0.0.1:9/runs/{{run}}/jobs?q={{q}}"
      headers: {Authorization: "Bearer {{secret.ci}}"}
    params: {run: '/[^ ]*/', q: text}
    effect: external
secrets:
  ci: {file: ci.secret}
"""


def rule(need=1, title=""):
    return RULE % {"need": need, "title": title}


class Edits(VedetteTest):
    def watched(self, rules=None, **options):
        where = self.directory / str(len(self.daemons))
        where.mkdir(parents=True, exist_ok=True)
        (where / "ci.secret").write_text("nobody shall read this")
        (where / "ci.secret").chmod(0o600)
        given = {"fixtures": os.path.join(os.path.dirname(__file__), "fixtures"), "log": where / "steps.log"}
        return self.vedette(rules={"ci.yaml": rules or rule()}, actions=ACTIONS % given, **options)

    def propose(self, vedette, run=7):
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=run)).status, 202)
        return vedette.wait_for_proposal(title=f"run {run} is red", state="open")

    def now(self, vedette, proposal):
        return vedette.api(f"/api/v1/proposals/{proposal['id']}").json()

    def edit(self, vedette, proposal, params, token=JANE, **more):
        return vedette.decide(proposal, "edit", token, **{"plan_digest": proposal["plan_digest"], "params": params, **more})

    def audited(self, vedette, what):
        return [entry for entry in vedette.items("audit", limit=1000) if entry["what"] == what]

    # --- what an edit makes ---

    def test_a04_what_was_edited_is_a_new_plan_and_exactly_that_runs(self):
        vedette = self.watched()
        proposal = self.propose(vedette)

        answer = self.edit(vedette, proposal, [{"run": "8"}, {}], note="the other one")
        self.assertEqual(answer.status, 200, answer)
        edited = answer.json()
        self.assertEqual((edited["id"], edited["state"], edited["revision"], edited["expires"]), (proposal["id"], "open", 2, proposal["expires"]))
        self.assertNotEqual(edited["plan_digest"], proposal["plan_digest"])
        self.assertIn(f"edited: revision 2, plan {edited['plan_digest'][:12]}", edited["detail"])
        self.assertEqual(edited["edited"], 'jane changed `run` of step 1 from "7" to "8"')
        self.assertEqual(edited["plan"][0]["argv"][-1], "8")
        self.assertEqual(edited["plan"][0]["params"], {"run": "8"})
        self.assertEqual(edited["plan"][0]["why"], "It passed before.")
        self.assertEqual(edited["plan"][1], proposal["plan"][1])
        self.assertEqual(len(vedette.items("proposals")), 1)

        old_click = vedette.decide(proposal, "approve")
        self.assertEqual(old_click.status, 412)
        self.assertEqual(old_click.json()["proposal"]["plan_digest"], edited["plan_digest"])
        self.assertEqual(vedette.steps_run(), [])

        self.assertEqual(vedette.decide(edited, "approve").status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verified")
        self.assertEqual(vedette.steps_run(), ["8", "run 7"])
        self.assertEqual(vedette.decide(edited, "undo").status, 200)  # what is undone is what was done
        vedette.wait_for_proposal(id=proposal["id"], state="undone")
        self.assertEqual(vedette.steps_run(), ["8", "run 7", "back-8"])

    def test_an_edit_is_in_the_trail_and_in_the_proposals_decisions_with_its_values(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        edited = self.edit(vedette, proposal, [{"run": "8"}, {"words": "hello"}], note="the other one").json()

        decision = edited["decisions"][-1]
        self.assertEqual((decision["verdict"], decision["by"], decision["via"], decision["revision"], decision["note"]),
                         ("edit", "jane", "token", 1, "the other one"))
        self.assertEqual(decision["params"], [{"run": "8"}, {"words": "hello"}])
        self.assertEqual(decision["plan_digest"], proposal["plan_digest"])
        [entry] = self.audited(vedette, "decision")
        self.assertEqual((entry["who"], entry["detail"]["verdict"], entry["detail"]["params"]), ("jane", "edit", [{"run": "8"}, {"words": "hello"}]))
        self.assertIn(edited["plan_digest"][:12], entry["detail"]["answer"])
        event = next(event for event in vedette.items("events", kind="vedette.decision"))
        self.assertEqual(vedette.api(f"/api/v1/events/{event['id']}").json()["data"]["params"], [{"run": "8"}, {"words": "hello"}])
        self.assertEqual(vedette.cli("audit", "--verify", check=0).returncode, 0)

    def test_a04_with_two_of_two_an_edit_between_them_voids_the_first_and_its_editor_has_not_approved(self):
        vedette = self.watched(rule(need=2))
        proposal = self.propose(vedette)
        self.assertIn("1 of 2", vedette.decide(proposal, "approve", token=JANE).json()["detail"])

        answer = self.edit(vedette, proposal, [{"run": "8"}, {}], token=JOHN).json()
        self.assertIn("what was approved before is void", answer["detail"])
        self.assertTrue(answer["decisions"][0]["void"])
        first = vedette.decide(answer, "approve", token=JOHN).json()
        self.assertIn("1 of 2", first["detail"])
        self.assertEqual(vedette.steps_run(), [])
        self.assertEqual(vedette.decide(answer, "approve", token=JANE).status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verified")
        self.assertEqual(vedette.steps_run(), ["8", "run 7"])

    def test_the_same_edit_again_is_answered_as_such_and_one_that_changes_nothing_is_refused(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        edited = self.edit(vedette, proposal, [{"run": "8"}, {}]).json()

        again = self.edit(vedette, proposal, [{"run": "8"}, {}])
        self.assertEqual(again.status, 200)
        self.assertIn("already edited by jane", again.json()["detail"])
        self.assertEqual((again.json()["revision"], again.json()["plan_digest"]), (2, edited["plan_digest"]))
        for params in ([{}, {}], [{"run": "8"}, {}], [{"run": "8"}, {"words": "run 7"}]):
            refused = self.edit(vedette, edited, params)
            self.assertEqual(refused.status, 400, params)
            self.assertIn("nothing would change", refused.json()["detail"])
        self.assertEqual(self.now(vedette, proposal)["revision"], 2)
        self.assertEqual(len(self.audited(vedette, "decision")), 1)

    # --- the answers ---

    def test_who_may_not_edit_is_told_only_that_and_the_rest_is_told_in_its_order(self):
        vedette = self.watched()
        proposal, closed = self.propose(vedette), self.propose(vedette, run=2)
        self.assertEqual(vedette.decide(closed, "reject", reason="known").status, 200)
        digest, old, bad = proposal["plan_digest"], "0" * 64, [{"run": "x"}, {}]

        for status, where, body, token in [
            (401, proposal, {"plan_digest": digest, "params": bad}, None),
            (403, proposal, {"plan_digest": old, "params": bad}, VISITOR),
            (403, closed, {"params": "?"}, VISITOR),
            (409, closed, {"plan_digest": old, "params": bad}, JANE),
            (428, proposal, {"params": bad}, JANE),
            (412, proposal, {"plan_digest": old, "params": bad}, JANE),
            (400, proposal, {"plan_digest": digest, "params": bad}, JANE),
            (400, proposal, {"plan_digest": digest}, JANE),
            (400, proposal, {"plan_digest": digest, "params": None}, JANE),
        ]:
            with self.subTest(status=status, body=body):
                answer = vedette.api(f"/api/v1/proposals/{where['id']}/decision", "POST", {"verdict": "edit", **body}, token)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.now(vedette, proposal)["revision"], 1)
        approving = vedette.decide(proposal, "approve", params=[{"run": "8"}, {}])
        self.assertEqual(approving.status, 400)
        self.assertEqual(self.now(vedette, proposal)["state"], "open")
        responding = vedette.decide(proposal, "respond", note="yes")
        self.assertEqual(responding.status, 400)
        self.assertIn("respond is not in this version", responding.json()["detail"])

    def test_x10_nothing_that_an_event_could_not_say_can_be_typed(self):
        vedette = self.watched()
        proposal = self.propose(vedette)

        for params, sentence in [
            ([{"run": "8; reboot"}, {}], "step 1: parameter `run` of record does not match /[0-9]+/ as a whole"),
            ([{"run": "-8"}, {}], "step 1: parameter `run` of record starts with `-`"),
            ([{}, {"words": "--all"}], "step 2: parameter `words` of tell starts with `-`"),
            ([{}, {"words": "a\nb"}], "step 2: parameter `words` of tell holds a control character"),
            ([{}, {"words": "\u001b[2J"}], "step 2: parameter `words` of tell holds a control character"),
            ([{}, {"words": "x" * 4097}], "step 2: parameter `words` of tell is longer than 4 KiB"),
            ([{"run": 8}, {}], "step 1: parameter `run` of record is given as something that is no text"),
            ([{}, {"run": "8"}], "step 2: parameter `run` of tell is not declared; there is: words"),
            ([{"run": "8"}], "there are 2, and 1 are given"),
            ([{"run": "8"}, {}, {}], "there are 2, and 3 are given"),
            ({"run": "8"}, "a list with an object for each step"),
            ("8", "a list with an object for each step"),
            ([{}, {"words": "x" * 4000, "more": "x" * 16000}], "at most 16 KiB"),
        ]:
            with self.subTest(sentence):
                answer = self.edit(vedette, proposal, params)
                self.assertEqual(answer.status, 400)
                self.assertIn(sentence, answer.json()["detail"])
        path = f"/api/v1/proposals/{proposal['id']}/decision"
        for value in (b'"8\\u0000"', b'"8", "run": "9"', b'"\xff"'):
            body = b'{"verdict":"edit","plan_digest":"%s","params":[{"run":%s},{}]}' % (proposal["plan_digest"].encode(), value)
            self.assertEqual(vedette.request("control", "POST", path, body, {
                "Authorization": f"Bearer {JANE}", "Content-Type": "application/json"}).status, 400, value)
        self.assertEqual(self.now(vedette, proposal), proposal)

    def test_x10_what_is_typed_fills_one_place_of_an_address_and_secrets_stay_names(self):
        vedette = self.watched(rule().replace("do: tell, with: {words:", "do: ask, with: {q: x, run:").replace('"run {{run}}"}}', '"{{run}}"}}'))
        proposal = self.propose(vedette)
        self.assertEqual(proposal["plan"][1]["request"]["url"], "http://127.0.0.1:9/runs/7/jobs?q=x")

        for value in ("..", ".", "", "../../admin", "7/.."):
            refused = self.edit(vedette, proposal, [{}, {"run": value}])
            self.assertEqual(refused.status, 400, value)
            self.assertIn("step 2: parameter `run` of ask", refused.json()["detail"])
        edited = self.edit(vedette, proposal, [{}, {"run": "7/8?x=1", "q": "a&b=c#d"}]).json()
        self.assertEqual(edited["plan"][1]["request"]["url"], "http://127.0.0.1:9/runs/7%2F8%3Fx%3D1/jobs?q=a%26b%3Dc%23d")
        self.assertEqual(edited["plan"][1]["request"]["headers"]["Authorization"], "Bearer {{secret.ci}}")
        self.assertNotIn("nobody shall read this", json.dumps(edited) + vedette.log() + json.dumps(vedette.items("audit", limit=100)))

    # --- what becomes of it ---

    def test_what_was_edited_outlives_a_restart_and_a_snooze_past_the_expiry(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        edited = self.edit(vedette, proposal, [{"run": "8"}, {}]).json()
        vedette.restart()

        self.assertEqual(self.now(vedette, proposal)["plan"], edited["plan"])
        snoozed = vedette.decide(edited, "snooze", **{"for": "1d"}).json()
        self.assertEqual((snoozed["revision"], snoozed["plan"]), (3, edited["plan"]))
        self.assertEqual(vedette.decide(edited, "approve").status, 412)
        self.assertEqual(vedette.decide(snoozed, "approve").status, 200)
        vedette.wait_for_proposal(id=proposal["id"], state="verified")
        self.assertEqual(vedette.steps_run(), ["8", "run 7"])

    def test_a04_a_rule_that_changes_makes_the_plan_anew_and_tells_whose_edit_is_void(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        edited = self.edit(vedette, proposal, [{"run": "8"}, {}]).json()
        vedette.write("rules.d/ci.yaml", rule(title="\n    severity: high"))
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)

        changed = self.now(vedette, proposal)
        self.assertEqual((changed["revision"], changed["plan"][0]["params"]), (3, {"run": "7"}))
        self.assertTrue(changed["decisions"][0]["void"])
        self.assertIn("what jane changed in it before is void", changed["edited"])
        self.assertEqual(vedette.decide(edited, "approve").status, 412)
        shown = vedette.cli("show", proposal["short"], check=0).stdout
        self.assertIn("what jane changed in it before is void", shown)
        self.assertIn("(void: the plan was made anew)", shown)

    def test_a04_an_edit_is_bound_by_the_actions_as_they_are_declared_by_then(self):
        """Their declaration is no part of the rule: without an edit the plan stays as it was shown."""
        vedette = self.watched()
        proposal = self.propose(vedette)
        config = vedette.config_path.read_text()
        stricter = config.replace('"{{run}}"]\n    params: {run: \'/[0-9]+/\'}\n    effect: write\n    hold: 0s\n    undo',
                                  '"{{run}}", "--"]\n    params: {run: \'/[0-9]{1,2}/\'}\n    effect: write\n    hold: 1h\n    approvers: {need: 2}\n    undo')
        self.assertNotEqual(config, stricter)
        vedette.config_path.write_text(stricter)
        self.assertEqual(vedette.api("/api/v1/reload", "POST", {}).status, 200)

        self.assertEqual(self.now(vedette, proposal), proposal)
        self.assertIn("/[0-9]{1,2}/", self.edit(vedette, proposal, [{"run": "100"}, {}]).json()["detail"])
        edited = self.edit(vedette, proposal, [{"run": "8"}, {}]).json()
        self.assertEqual(edited["plan"][0]["argv"][-2:], ["8", "--"])
        self.assertEqual(edited["approvers"]["need"], 2)
        self.assertIn("1 of 2", vedette.decide(edited, "approve").json()["detail"])
        held = vedette.decide(edited, "approve", token=JOHN).json()
        self.assertEqual(held["state"], "approved")
        self.assertGreater(held["hold_until"], held["updated"])
        self.assertEqual(vedette.steps_run(), [])

    def test_a_plan_that_was_rejected_is_not_edited_back(self):
        vedette = self.watched()
        edited = self.edit(vedette, self.propose(vedette), [{"run": "8"}, {}]).json()
        self.assertEqual(vedette.decide(edited, "reject", reason="wrong_action").status, 200)

        def another():
            vedette.send_github("workflow_run", workflow_run(run=7))
            vedette.wait_until_folded()
            found = vedette.items("proposals", state="open")
            return found and found[0]

        again = wait_until(another, "it is asked again after its cooldown")
        refused = self.edit(vedette, again, [{"run": "8"}, {}])
        self.assertEqual(refused.status, 400)
        self.assertIn("the same plan was rejected before: rejected by jane (wrong_action)", refused.json()["detail"])
        self.assertEqual(self.edit(vedette, again, [{"run": "9"}, {}]).status, 200)

    # --- at the command line ---

    def test_at_the_command_line_an_edit_shows_the_new_plan_and_its_digest(self):
        vedette = self.watched()
        proposal = self.propose(vedette)
        before = vedette.cli("show", proposal["short"], check=0).stdout
        self.assertIn("run=7", before)
        self.assertIn(f"vedette edit {proposal['short']} --set STEP.NAME=VALUE", before)

        done = vedette.cli("edit", proposal["short"], "--set", "1.run=8", "--set", "2.words=a = b", "--note", "other", check=0)
        edited = self.now(vedette, proposal)
        self.assertEqual([step["params"] for step in edited["plan"]], [{"run": "8"}, {"words": "a = b"}])
        self.assertEqual(edited["decisions"][-1]["note"], "other")
        for words in (f"{proposal['short']} is open: edited: revision 2", edited["plan_digest"][:12], "run=8", 'from "7" to "8"'):
            self.assertIn(words, done.stdout)
        self.assertEqual(json.loads(vedette.cli("edit", proposal["short"], "--set", "1.run=9", "--json", check=0).stdout)["revision"], 3)

    def test_at_the_command_line_what_cannot_be_edited_is_told_by_sentence_and_exit_code(self):
        vedette = self.watched()
        proposal, closed = self.propose(vedette), self.propose(vedette, run=2)
        vedette.decide(closed, "reject", reason="known")

        for code, sentence, arguments in [
            (2, "change what?", [proposal["short"]]),
            (2, "--set takes STEP.NAME=VALUE", [proposal["short"], "--set", "run=8"]),
            (2, "--set takes STEP.NAME=VALUE", [proposal["short"], "--set", "0.run=8"]),
            (2, "--set takes STEP.NAME=VALUE", [proposal["short"], "--set", "1.run"]),
            (2, "given twice", [proposal["short"], "--set", "1.run=8", "--set", "1.run=9"]),
            (1, "there is no step 3: the plan has 2", [proposal["short"], "--set", "3.run=8"]),
            (1, "does not match /[0-9]+/", [proposal["short"], "--set", "1.run=x"]),
            (1, "nothing would change", [proposal["short"], "--set", "1.run=7"]),
            (5, "already rejected by jane", [closed["short"], "--set", "1.run=8"]),
        ]:
            with self.subTest(sentence):
                done = vedette.cli("edit", *arguments)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done)
                self.assertIn(sentence, done.stderr)
        self.assertEqual(vedette.cli("edit", proposal["short"], "--set", "1.run=8", token=VISITOR).returncode, 4)
        self.assertEqual(self.now(vedette, proposal)["revision"], 1)
