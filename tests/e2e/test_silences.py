"""Silences from outside: who may mute what, for how long, and that nothing which was held is lost."""
import datetime
import json
import unittest

from harness import BINARY, CI_RULE, JANE, JOHN, VedetteTest, alerts, wait_until, workflow_run

VISITOR = "a token that only a visitor holds"
ALERT_RULE = """
rules:
  - id: disk
    on: alert
    where: {state: failing}
    key: [subject]
    title: "a disk is full"
"""
# Itself a child of the daemon, and knows jane's token.
MUTING = """
  mute:
    run: [%s, silence, add, --where, "rule=*", --for, 1h, --reason, because, --url, "{{url}}", --token-file, %s]
    params: {url: '/http:.*/'}
    effect: external
    hold: 0s
"""
SILENCE = {"where": {"rule": "ci-*", "branch": "main"}, "for": "2h", "reason": "the runners are moved"}


class SilencesTest(VedetteTest):
    def silence(self, vedette, token=JANE, **members):
        return vedette.api("/api/v1/silences", "POST", {**SILENCE, **members}, token)

    def silenced(self, vedette, **members):
        answer = self.silence(vedette, **members)
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def fail(self, vedette, run=1001, **members):
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=run, **members)).status, 202)
        vedette.wait_until_folded()

    def remove(self, vedette, silence, token=JANE):
        return vedette.api(f"/api/v1/silences/{silence['id']}", "DELETE", token=token)

    def held(self, vedette):
        return vedette.api("/api/v1/status").json()["held_back"]


class Holding(SilencesTest):
    def test_what_is_silenced_asks_when_the_silence_is_removed(self):
        vedette = self.vedette()
        silence = self.silenced(vedette)
        self.fail(vedette)
        signal, = vedette.items("signals", state="firing")
        self.assertEqual(vedette.items("proposals"), [])
        self.assertEqual(vedette.items("tasks"), [])
        held, = self.held(vedette)
        self.assertEqual((held["signal"], held["why"], held["until"], held["silence"], held["reason"]),
                         (signal["id"], "silenced", silence["until"], silence["id"], "the runners are moved"))

        answer = self.remove(vedette, silence)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json()["state"], answer.json()["ended_by"]), ("over", "jane"))
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(proposal["signal"], signal["id"])
        self.assertEqual(self.held(vedette), [])

    def test_what_does_not_match_asks_as_ever(self):
        vedette = self.vedette()
        self.silenced(vedette, where={"rule": "ci-*", "branch": "release"})
        self.silenced(vedette, where={"signal.key[0]": "acme/other"})
        self.fail(vedette)
        vedette.wait_for_proposal(state="open")

    def test_a_proposal_that_is_there_is_decided_and_its_resolve_is_delivered(self):
        vedette = self.vedette(rules={"disk.yaml": ALERT_RULE})
        self.assertEqual(vedette.send_alert(alerts("firing")).status, 202)
        proposal = vedette.wait_for_proposal(state="open")
        self.silenced(vedette, where={"rule": "disk"})
        self.assertEqual(vedette.decide(proposal, "ack").status, 200)
        events = vedette.read_stream(last_id=0, until_quiet=True)
        self.assertEqual(vedette.send_alert(alerts("resolved")).status, 202)
        told = vedette.wait_for_proposal(id=proposal["id"], state="withdrawn")
        self.assertIn("resolved", told["outcome"])
        more = vedette.read_stream(last_id=events[-1]["id"], until=lambda events: any(event["event"] == "proposal" for event in events))
        self.assertIn("resolved", [json.loads(event["data"]).get("transition") for event in more])

    def test_it_holds_over_a_crash_and_a_stop_and_ends_in_its_time(self):
        vedette = self.vedette()
        silence = self.silenced(vedette, **{"for": "1m"})
        vedette.restart()
        self.fail(vedette)
        self.assertEqual(vedette.items("proposals"), [])
        vedette.stop()
        vedette.start()
        self.fail(vedette, run=1002)
        self.assertEqual([item["state"] for item in vedette.items("silences")], ["active"])
        self.assertEqual(vedette.items("proposals"), [])

        proposal = vedette.wait_for_proposal(patience=90, state="open")  # a minute is the shortest that there is
        self.assertGreaterEqual(proposal["created"], silence["until"])
        ended = vedette.api(f"/api/v1/silences/{silence['id']}").json()
        self.assertEqual((ended["state"], ended["ended"], ended["ended_by"]), ("over", silence["until"], "time"))

    def test_quiet_under_a_silence_proves_nothing(self):
        vedette = self.vedette()
        self.fail(vedette)
        proposal = vedette.wait_for_proposal(state="open")
        self.silenced(vedette)
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        ended = vedette.wait_for_proposal(id=proposal["id"], state="inconclusive")
        self.assertIn("silenced", ended["outcome"])


class Asking(SilencesTest):
    def test_a_silence_is_shown_as_it_was_asked_for(self):
        vedette = self.vedette()
        made = self.silenced(vedette)
        self.assertTrue(made["id"].startswith("sil_"))
        self.assertEqual((made["state"], made["where"], made["reason"], made["by"], made["via"]),
                         ("active", SILENCE["where"], SILENCE["reason"], "jane", "token"))
        lasts = datetime.datetime.fromisoformat(made["until"]) - datetime.datetime.fromisoformat(made["created"])
        self.assertLess(abs(lasts - datetime.timedelta(hours=2)), datetime.timedelta(seconds=5))
        self.assertEqual(vedette.api(f"/api/v1/silences/{made['id']}").json(), made)
        self.assertEqual(vedette.items("silences"), [made])
        self.assertEqual(vedette.metric("vedette_silences", state="active"), 1)
        until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        by_time = vedette.api("/api/v1/silences", "POST", {"where": {"repo": "acme/shop"}, "until": until, "reason": "why"})
        self.assertEqual(by_time.json()["until"], until.replace("Z", ".000Z"), by_time)

    def test_the_list_is_narrowed_and_comes_in_pages(self):
        vedette = self.vedette()
        made = [self.silenced(vedette, reason=f"{n}") for n in range(3)]
        self.remove(vedette, made[1])
        self.assertEqual([item["reason"] for item in vedette.items("silences", state="active")], ["2", "0"])
        self.assertEqual([item["reason"] for item in vedette.items("silences", state="over")], ["1"])
        page = vedette.api("/api/v1/silences?limit=2").json()
        self.assertEqual([item["reason"] for item in page["items"]], ["2", "1"])
        self.assertEqual([item["reason"] for item in vedette.items("silences", after=page["next"])], ["0"])
        for wrong in ("state=open", "rule=ci-red", "after=prp_1", "limit=0"):
            self.assertEqual(vedette.api(f"/api/v1/silences?{wrong}").status, 400, wrong)

    def test_what_is_no_silence_is_refused_with_the_reason(self):
        vedette = self.vedette()
        past = "2020-01-01T00:00:00Z"
        for members, why in [
            ({"where": {}}, "`where` names"),
            ({"where": {"rule": 7}}, "`where` names"),
            ({"where": ["rule"]}, "`where` names"),
            ({"where": {"rule": ""}}, "a value of `where`"),
            ({"where": {"brnch": "main"}}, "did you mean `branch`"),
            ({"where": {"severity": "urgent"}}, "`severity` is low, medium, high or critical"),
            ({"reason": ""}, "`reason`"),
            ({"reason": "x" * 1001}, "`reason`"),
            ({"reason": 5}, "`reason`"),
            ({"for": "59s"}, "1 minute to 30 days"),
            ({"for": "31d"}, "1 minute to 30 days"),
            ({"for": "-1h"}, "`for`"),
            ({"for": 7200}, "`for`"),
            ({"until": past}, "either"),
            ({"whre": {}}, "members are"),
        ]:
            with self.subTest(members=members):
                answer = self.silence(vedette, **members)
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(why, answer.json()["detail"])
        answer = vedette.api("/api/v1/silences", "POST", {"where": {"rule": "x"}, "until": past, "reason": "why"})
        self.assertEqual((answer.status, "1 minute" in answer.json()["detail"]), (400, True))
        self.assertEqual(vedette.api("/api/v1/silences", "POST", {"where": {"rule": "x"}, "reason": "why"}).status, 400)
        self.assertEqual(vedette.request("control", "POST", "/api/v1/silences", json.dumps(SILENCE), {"Authorization": f"Bearer {JANE}"}).status, 415)
        self.assertEqual(vedette.items("silences"), [])

    def test_one_that_is_over_cannot_be_removed_and_one_that_is_not_there_neither(self):
        vedette = self.vedette()
        silence = self.silenced(vedette)
        self.assertEqual(self.remove(vedette, silence, JOHN).status, 200)
        self.assertEqual(self.remove(vedette, silence).status, 409)
        self.assertEqual(vedette.api(f"/api/v1/silences/{silence['id']}").json()["ended_by"], "john")
        for name in ("sil_00000000000000000000000000", "prp_00000000000000000000000000", "x"):
            self.assertEqual(self.remove(vedette, {"id": name}).status, 404, name)
            self.assertEqual(vedette.api(f"/api/v1/silences/{name}").status, 404, name)

    def test_what_was_done_stands_in_the_trail_the_stream_and_the_journal(self):
        vedette = self.vedette()
        silence = self.silenced(vedette)
        self.remove(vedette, silence)
        trail = vedette.items("audit")
        self.assertEqual([(entry["what"], entry["who"], entry["object"]) for entry in trail[:2]],
                         [("silence.removed", "jane", silence["id"]), ("silence", "jane", silence["id"])])
        self.assertEqual(trail[1]["detail"]["where"], SILENCE["where"])
        told = [json.loads(event["data"]) for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "silence"]
        self.assertEqual([(item["silence"], item["state"]) for item in told], [(silence["id"], "active"), (silence["id"], "over")])
        self.assertEqual(len(vedette.items("events", kind="vedette.silence")), 2)
        vedette.cli("audit", "--verify", check=0)


class Allowed(SilencesTest):
    def test_only_people_who_are_known_silence(self):
        vedette = self.vedette()
        self.assertEqual(self.silence(vedette, token=None).status, 401)
        self.assertEqual(self.silence(vedette, token="wrong").status, 401)
        self.assertEqual(self.silence(vedette, token=VISITOR, where={"rule": "db-*"}).json()["by"], "visitor")  # needs no right to approve
        silence = self.silenced(vedette)
        self.assertEqual(self.remove(vedette, silence, token=None).status, 401)
        self.assertEqual(self.remove(vedette, silence, token="wrong").status, 401)
        self.assertEqual(vedette.api(f"/api/v1/silences/{silence['id']}").json()["state"], "active")

    def test_the_daemon_s_own_user_silences_nothing(self):
        vedette = self.vedette()
        done = vedette.cli("silence", "add", "--where", "rule=ci-*", "--for", "1h", "--reason", "why", socket_only=True)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(vedette.items("silences"), [])

    def test_what_the_daemon_started_silences_nothing_with_a_person_s_token_either(self):
        vedette = self.vedette(start=False)
        token = vedette.directory / "jane.token"
        rule = CI_RULE.replace("do: rerun", "do: mute").replace('with: {run: "{{run}}"}', 'with: {url: "URL"}')
        vedette.write("vedette.yaml", vedette.config_path.read_text().replace("actions:\n", "actions:" + MUTING % (BINARY, token), 1))
        vedette.write("rules.d/ci.yaml", rule.replace("URL", "http://127.0.0.1:1"))
        vedette.start()
        vedette.write("rules.d/ci.yaml", rule.replace("URL", f"http://{vedette.addresses['control']}"))
        vedette.cli("reload", check=0)
        self.fail(vedette)
        proposal = vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.decide(proposal, "approve").status, 200)
        failed = vedette.wait_for_proposal(id=proposal["id"], state="failed")
        self.assertEqual(failed["plan"][0]["exit_code"], 4, failed["plan"][0])
        self.assertEqual(vedette.items("silences"), [])

    def test_a_page_of_another_site_silences_nothing(self):
        vedette = self.vedette()
        silence = self.silenced(vedette)
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        self.assertEqual(vedette.api("/api/v1/silences", "POST", SILENCE, headers=foreign).status, 403)
        self.assertEqual(vedette.api(f"/api/v1/silences/{silence['id']}", "DELETE", headers=foreign).status, 403)
        self.assertEqual([item["state"] for item in vedette.items("silences")], ["active"])


class CommandLine(SilencesTest):
    def test_the_command_line_adds_lists_shows_and_removes(self):
        vedette = self.vedette()
        done = vedette.cli("silence", "add", "--where", "rule=ci-*", "--where", "branch=main", "--for", "2h", "--reason", "the runners are moved", check=0)
        self.assertIn("is active: rule=ci-*, branch=main, ends in 2 h", done.stdout)
        silence, = vedette.items("silences")
        self.assertEqual(silence["where"], SILENCE["where"])
        table = vedette.cli("silence", "list", check=0).stdout
        for words in (silence["id"], "active", "jane", "rule=ci-*, branch=main", "the runners are moved"):
            self.assertIn(words, table)
        self.assertIn("the runners are moved", vedette.cli("show", silence["id"], check=0).stdout)
        self.assertEqual(json.loads(vedette.cli("silence", "list", "--json", check=0).stdout), silence)

        self.fail(vedette)
        signal, = vedette.items("signals")
        status = vedette.cli("status", check=0).stdout
        self.assertRegex(status, r"silences +1 active")
        self.assertRegex(status, r"silenced, ends in .* \(the runners are moved\): test is red")
        self.assertIn(f"silence: {silence['id']} of jane (the runners are moved), until {silence['until']}",
                      vedette.cli("explain", signal["id"], check=0).stdout)

        over = json.loads(vedette.cli("silence", "remove", silence["id"], "--json", check=0).stdout)
        self.assertEqual(over["state"], "over")
        vedette.wait_for_proposal(state="open")
        vedette.cli("silence", "remove", silence["id"], check=5)
        self.assertEqual(vedette.cli("silence", "list", "--state", "active", check=0).stdout, "")
        self.assertIn("passed  silence", vedette.cli("explain", signal["id"], check=0).stdout)

    def test_a_silence_for_a_rule_that_is_not_loaded_is_made_and_warns(self):
        vedette = self.vedette()
        said = vedette.cli("silence", "add", "--where", "rule=ci-rad", "--for", "1h", "--reason", "why", check=0)
        self.assertIn("is active: rule=ci-rad", said.stdout)
        self.assertIn("no rule `ci-rad` is loaded (did you mean `ci-red`?); the silence is active all the same", said.stderr)
        answer = self.silence(vedette, where={"rule": "nope-*"})
        self.assertEqual((answer.status, answer.json()["warnings"]), (201, ["no rule `nope-*` is loaded; the silence is active all the same"]))
        self.assertNotIn("warnings", vedette.api(f"/api/v1/silences/{answer.json()['id']}").json())
        for where in ({"rule": "ci-*"}, {"rule": "ci-red"}, {"severity": "high"}):
            self.assertNotIn("warnings", self.silence(vedette, where=where).json())

    def test_a_call_that_is_wrong_says_how_it_is_meant(self):
        vedette = self.vedette()
        right = ["--where", "rule=ci-*", "--for", "1h", "--reason", "why"]
        for arguments, code, why in [
            (["silence"], 2, "is missing"),
            (["silence", "mute", *right], 2, "add, list or remove"),
            (["silence", "add", *right[2:]], 2, "--where rule=ci-*"),
            (["silence", "add", "--where", "rule", *right[2:]], 2, "FIELD=VALUE"),
            (["silence", "add", *right[:2], *right[4:]], 2, "--for 2h"),
            (["silence", "add", *right[:4]], 2, "--reason"),
            (["silence", "add", *right[:2], "--for", "soon", *right[4:]], 2, "30m, 2h, 3d"),
            (["silence", "add", *right[:2], "--for", "10s", *right[4:]], 2, "1 minute to 30 days"),
            (["silence", "add", *right[:2], "--for", "31d", *right[4:]], 2, "1 minute to 30 days"),
            (["silence", "add", "--where", "service=a", "--where", "service=b", *right[2:]], 2, "`service` is given twice"),
            (["silence", "add", "--where", "severity=hihg", *right[2:]], 2, "did you mean `high`?"),
            (["silence", "add", "--where", "brnch=x", *right[2:]], 1, "branch"),
            (["silence", "remove"], 2, "sil_"),
            (["silence", "remove", "prp_00000000000000000000000000"], 2, "sil_"),
            (["silence", "remove", "sil_00000000000000000000000000"], 1, ""),
        ]:
            with self.subTest(arguments=arguments):
                done = vedette.cli(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(why, done.stderr)
        self.assertEqual(vedette.items("silences"), [])
        vedette.cli("silence", "list", token="wrong", check=4)


if __name__ == "__main__":
    unittest.main()
