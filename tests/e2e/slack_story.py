"""What the stories about Slack share: a daemon whose people are in Slack, and the scripted Slack beside it."""
from harness import CONFIG, VedetteTest, wait_until, workflow_run
from slack import Slack
from slack_workspace import BOT_TOKEN, SIGNING_SECRET

JANE, JOHN, VISITOR, STRANGER = "U1", "U2", "U3", "U9"
SLACK_CONFIG = CONFIG.replace("jane: {token_file: jane.token}", f"jane: {{token_file: jane.token, slack: {JANE}}}").replace(
    "john: {token_file: john.token}", f"john: {{token_file: john.token, slack: {JOHN}}}").replace(
    "visitor: {token_file: visitor.token}", f"visitor: {{token_file: visitor.token, slack: {VISITOR}}}")
CHANNELS = """
public_url: http://vedette.example
channels:
  slack:
    token_file: slack.token
    signing_secret_file: slack.secret
    channel: C1
    base_url: %(base_url)s
%(members)s
"""


class SlackTest(VedetteTest):
    """`self.slack` is there from the start; `self.vedette()` gives a daemon that posts there."""

    limits = False

    def setUp(self):
        super().setUp()
        self.slack = Slack(limits=self.limits)
        self.addCleanup(self.slack.close)

    def vedette(self, start=True, crash_at=None, config=SLACK_CONFIG, members="", more="", **options):
        vedette = super().vedette(start=False, config=config, more=CHANNELS % {"base_url": self.slack.base_url, "members": members} + more, **options)
        vedette.write("slack.token", BOT_TOKEN + "\n")
        vedette.write("slack.secret", SIGNING_SECRET + "\n")
        self.slack.serve(vedette)
        if start:
            vedette.start(crash_at=crash_at)
        return vedette

    def red(self, vedette, **facts):
        """A run fails on main: the card that comes of it."""
        before = {card["ts"] for card in self.slack.cards()}
        vedette.send_github("workflow_run", workflow_run(**facts))
        return self.new_card(before)

    def new_card(self, before):
        return wait_until(lambda: next((card for card in self.slack.cards() if card["ts"] not in before), None), "a card that was not there before")

    def assert_no_complaints(self):
        self.assertEqual(self.slack.complaints, [])

    def assert_told(self, sent, text):
        """Whoever did this reads that."""
        self.slack.wait_for_answer(sent, text)
