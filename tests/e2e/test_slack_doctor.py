"""`vedette doctor` on Slack: what is missing and what to do, and never a word posted."""
import json
import socket
import unittest

from slack_story import SLACK_CONFIG, SlackTest
from slack_workspace import BOT_TOKEN

OTHERS = """
  chat: {kind: mattermost, base_url: "http://127.0.0.1:%(port)d", token_file: bot.token, channel: 4xp9fdt9mtbq8yzp1jt9e8k1hr}
  discord: {url_file: discord.url}
  mail: {kind: email, url: "smtp://127.0.0.1:%(mail)d", from: vedette@example.com, to: [ops@example.com]}
  away: {kind: email, url: "smtp://127.0.0.1:1", from: vedette@example.com, to: [ops@example.com]}
"""


class Doctor(SlackTest):
    def findings(self, vedette, wanted=None):
        """{check: [(finding, what, remedy)]} of what concerns channels."""
        done = vedette.cli("doctor", "--json", socket_only=True)
        found = {}
        for line in done.stdout.splitlines():
            one = json.loads(line)
            if one["check"].startswith(("slack", "channel")):
                found.setdefault(one["check"], []).append((one["finding"], one["what"], one.get("remedy")))
        posted = [call for call in self.slack.calls if call.method.startswith("chat.")]
        self.assertEqual(posted, [], "the doctor posts nothing")
        self.assertEqual(self.slack.alive(), [])
        self.assert_no_complaints()
        return found[wanted] if wanted else found

    def test_a_slack_that_is_set_up_well(self):
        found = self.findings(self.vedette(start=False))
        self.assertEqual({finding for findings in found.values() for finding, _, _ in findings}, {"ok"}, found)
        self.assertIn("Acme", found["slack token"][0][1])
        self.assertEqual(found["slack channel"], [("ok", "#ops (C1)", None)])
        self.assertLessEqual({"slack token", "slack scope", "slack clock", "slack channel", "slack secret", "slack people"}, set(found))
        self.assertTrue(found["slack people"][0][1].startswith("3 people and groups"), found)

    def test_a_wrong_token_ends_the_questions_that_need_it(self):
        self.slack.bot_token = "xoxb-another"
        found = self.findings(self.vedette(start=False))
        finding, what, remedy = found["slack token"][0]
        self.assertEqual((finding, "invalid_auth" in what, "OAuth & Permissions" in remedy), ("wrong", True, True))
        self.assertNotIn("slack channel", found)
        self.assertNotIn(BOT_TOKEN, json.dumps(found))

    def test_each_missing_scope_is_named_with_what_it_costs(self):
        self.slack.scopes -= {"channels:history", "usergroups:read"}
        scopes = self.findings(self.vedette(start=False), "slack scope")
        self.assertEqual([(finding, what.split()[0]) for finding, what, _ in scopes], [("note", "channels:history"), ("note", "usergroups:read")])
        self.assertIn("posted twice", scopes[0][1])
        self.slack.scopes.discard("chat:write")
        self.assertIn("wrong", [finding for finding, _, _ in self.findings(self.daemons[-1], "slack scope")])

    def test_every_place_is_looked_at_once(self):
        self.slack.add_conversation("C2", "old", is_archived=True)
        self.slack.add_conversation("C3", "public", is_member=False)
        self.slack.add_conversation("C4", "secret", is_private=True, is_member=False)
        self.slack.add_conversation("C5", "partners", is_ext_shared=True)
        routes = ", ".join(f"{{rules: [r{i}], channel: C{i}}}" for i in (1, 2, 3, 4, 5, 2, 7))
        found = self.findings(self.vedette(start=False, members=f"    routes: [{routes}]"), "slack channel")
        told = {what: finding for finding, what, _ in found}
        self.assertEqual([finding for what, finding in told.items() if what.startswith("#ops")], ["ok"])
        self.assertEqual(told["#old (C2) is archived"], "wrong")
        self.assertEqual([finding for what, finding in told.items() if what.startswith("#public (C3)")], ["note"])
        self.assertEqual((told["C4: channel_not_found"], told["C7: channel_not_found"]), ("wrong", "wrong"))
        self.assertEqual([finding for what, finding in told.items() if what.startswith("#partners (C5)")], ["note", "ok"])
        self.assertEqual(len(self.slack.calls_of("conversations.info")), 6)

    def test_outside_a_public_channel_without_the_scope_nothing_can_be_posted(self):
        self.slack.add_conversation("C1", "ops", is_member=False)
        self.slack.scopes.discard("chat:write.public")
        finding, what, remedy = self.findings(self.vedette(start=False), "slack channel")[0]
        self.assertEqual((finding, "/invite" in remedy), ("wrong", True), what)

    def test_a_clock_that_is_wrong_would_void_every_click(self):
        vedette = self.vedette(start=False)
        self.slack.clock_skew = 50
        self.assertEqual(self.findings(vedette, "slack clock")[0][0], "ok")
        self.slack.clock_skew = 75
        finding, what, _ = self.findings(vedette, "slack clock")[0]
        self.assertEqual((finding, "behind" in what), ("wrong", True))
        self.slack.clock_skew = -3600
        finding, what, _ = self.findings(vedette, "slack clock")[0]
        self.assertEqual((finding, "before" in what), ("wrong", True))

    def test_a_signing_secret_that_looks_like_none(self):
        vedette = self.vedette(start=False)
        vedette.write("slack.secret", "8f742231b10e8888abcd99yyyzzz85a5")
        finding, what, _ = self.findings(vedette, "slack secret")[0]
        self.assertEqual(finding, "note")
        self.assertNotIn("8f74", what)

    def test_another_team_than_the_one_of_the_token(self):
        vedette = self.vedette(start=False, members="    team: T0OTHER")
        self.assertEqual(self.findings(vedette, "slack team")[0][0], "wrong")

    def test_nobody_of_the_people_is_in_slack(self):
        config = SLACK_CONFIG
        for user in ("U1", "U2", "U3"):
            config = config.replace(f", slack: {user}}}", "}")
        self.assertEqual(self.findings(self.vedette(start=False, config=config), "slack people")[0][0], "wrong")

    def test_a_user_group_that_is_there_and_one_that_is_not(self):
        self.slack.usergroups["S1"] = ["U1", "U2", "U7"]
        config = SLACK_CONFIG.replace("groups: {oncall: [jane, john]}", "groups: {oncall: [jane, john], sre: {slack: S1}, old: {slack: S2}}")
        found = self.findings(self.vedette(start=False, config=config), "slack group")
        self.assertEqual([finding for finding, _, _ in found], ["ok", "wrong"])
        self.assertIn("3 people", found[0][1])
        self.assertIn("no_such_subteam", found[1][1])

    def test_socket_mode_is_asked_for_only_where_it_is_configured(self):
        vedette = self.vedette(start=False)
        self.assertNotIn("slack socket", self.findings(vedette))
        self.assertEqual(self.slack.calls_of("apps.connections.open"), [])
        vedette = self.vedette(start=False, members="    app_token_file: slack.app")
        vedette.write("slack.app", "xapp-of-the-tests")
        self.assertEqual(self.findings(vedette, "slack socket")[0][0], "ok")
        self.slack.app_token = "xapp-another"
        self.assertEqual(self.findings(vedette, "slack socket")[0][0], "wrong")

    def test_slack_is_away_or_is_somebody_else(self):
        vedette = self.vedette(start=False)
        self.slack.fail("auth.test", times=None, html=True)
        finding, what, _ = self.findings(vedette, "slack token")[0]
        self.assertEqual((finding, "is this Slack?" in what), ("wrong", True))
        self.slack.heal()
        self.slack.fail("auth.test", redirect=True)
        self.assertEqual(self.findings(vedette, "slack token")[0][0], "wrong")
        self.assertEqual(self.slack.n_trapped, 0)
        self.slack.down()
        self.addCleanup(self.slack.up)
        finding, _, remedy = self.findings(vedette, "slack token")[0]
        self.assertEqual((finding, "proxy" in remedy), ("wrong", True))

    def test_what_slack_says_cannot_write_to_the_terminal(self):
        self.slack.conversations["C1"]["name"] = "ops\x1b[2J\u202e"
        vedette = self.vedette(start=False)
        self.assertNotIn("\x1b", vedette.cli("doctor", socket_only=True).stdout)

    def test_other_channels_are_reached_and_no_more(self):
        with socket.create_server(("127.0.0.1", 0)) as mail:
            others = OTHERS % {"port": self.slack.port, "mail": mail.getsockname()[1]}
            vedette = self.vedette(start=False, more=others)
            vedette.write("bot.token", "a token")
            vedette.write("discord.url", f"http://127.0.0.1:{self.slack.port}/api/webhooks/1/a-secret-path")
            found = {what.split()[0]: (finding, what) for finding, what, _ in self.findings(vedette, "channel")}
        self.assertEqual({name: finding for name, (finding, _) in found.items()}, {"chat": "ok", "discord": "ok", "mail": "ok", "away": "wrong"})
        self.assertNotIn("a-secret-path", json.dumps(found))


if __name__ == "__main__":
    unittest.main()
