"""A Slack workspace in memory: its conversations, messages, threads, modals, and the methods of the Web API on them.

It refuses what Slack refuses. What Slack would swallow though nobody should send it (a token in a URL, an update
without `parse`, buttons that keep their block_id when they change) is kept in `complaints`: a story asserts that there are none.
"""
import copy
import itertools
import re
import time

from slack_blocks import all_text, check_message, check_view, elements_of, texts_of

TEAM, APP, BOT, BOT_USER = "T0VEDETTE", "A0VEDETTE", "B0VEDETTE", "U0VEDETTE"
BOT_TOKEN, APP_TOKEN = "xoxb-of-the-tests", "xapp-of-the-tests"
SIGNING_SECRET = "0123456789abcdef0123456789abcdef"
SCOPES = {"chat:write", "chat:write.public", "commands", "app_mentions:read", "channels:history", "groups:history", "channels:read", "groups:read",
          "usergroups:read"}
TRIGGER_SECONDS = 3
RESPONSE_USES = 5
RESPONSE_SECONDS = 1800
# method: (one of these scopes, is it tier "write", which takes JSON)
METHODS = {
    "auth.test": ((), True),
    "apps.connections.open": (("connections:write",), True),
    "chat.postMessage": (("chat:write",), True),
    "chat.update": (("chat:write",), True),
    "chat.postEphemeral": (("chat:write",), True),
    "chat.delete": (("chat:write",), True),
    "chat.getPermalink": ((), False),
    "conversations.info": (("channels:read", "groups:read"), False),
    "conversations.history": (("channels:history", "groups:history"), False),
    "conversations.replies": (("channels:history", "groups:history"), False),
    "usergroups.users.list": (("usergroups:read",), False),
    "views.open": ((), True),
    "views.update": ((), True),
}


class Refused(Exception):
    """ok:false with a code, and perhaps more members."""

    def __init__(self, code, messages=(), **members):
        super().__init__(code)
        self.answer = {"ok": False, "error": code, **members}
        if messages:
            self.answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in messages]}


class Message(dict):
    """A message as Slack has it: `ts`, `channel`, `text`, `blocks`, `metadata`, `thread_ts`; `edits` are its earlier forms."""

    edits = ()
    posted_at = 0.0
    is_deleted = False

    @property
    def proposal(self):
        """Whose card it is: its metadata says so, or, where a plain one goes without, its buttons do. None for what is no card."""
        metadata = self.get("metadata") or {}
        if metadata.get("event_type") == "vedette_proposal":
            return metadata["event_payload"].get("proposal")
        ids = [block["block_id"].partition(":")[0] for block in self.get("blocks") or [] if elements_of(block)]
        return next((name for name in ids if name.startswith("prp_")), None)

    @property
    def is_card(self):
        return self.proposal is not None

    def shown(self):
        """All that a person reads of it."""
        return all_text(self)

    def elements(self):
        """{action_id: (block, element)} of what can be used on it."""
        return {element["action_id"]: (block, element) for block in self.get("blocks") or [] for element in elements_of(block) if "action_id" in element}

    def snapshot(self):
        """As it stands on somebody's screen now, whatever happens to it afterwards."""
        return copy.deepcopy(self)


class View(dict):
    """A modal that is open; `user` sees it."""

    user = None
    is_open = True


class Seen:
    """Something that became visible: kind is message, reply, edit, delete, ephemeral, view, or a mention that notifies somebody."""

    def __init__(self, kind, text, **facts):
        self.kind, self.text, self.at = kind, text, time.monotonic()
        self.__dict__.update({"channel": None, "ts": None, "user": None, "thread_ts": None, "message": None, "cause": None, **facts})

    def __repr__(self):
        return f"<{self.kind} {self.channel} {self.text[:80]!r}>"


class Workspace:
    def __init__(self):
        self.conversations = {}
        self.messages = {}  # channel -> [Message], oldest first
        self.views = []
        self.usergroups = {}
        self.seen = []
        self.complaints = []
        self.scopes = set(SCOPES)
        self.triggers = {}  # trigger_id -> [user, monotonic time, used]
        self.responses = {}  # number -> {"channel", "ts", "user", "left", "at", "cause"}
        self.numbers = itertools.count(1)
        self.add_conversation("C1", "ops")

    def add_conversation(self, channel, name, **facts):
        self.conversations[channel] = {
            "id": channel, "name": name, "is_member": True, "is_archived": False, "is_private": False, "is_channel": True, "is_im": False,
            "is_shared": False, "is_ext_shared": False, "is_read_only": False, "is_thread_only": False, **facts}
        self.messages.setdefault(channel, [])

    def complain(self, what):
        self.complaints.append(what)

    # --- looking up ---

    def conversation(self, channel, reading=True):
        found = self.conversations.get(channel)
        if not found or found["is_private"] and not found["is_member"]:
            raise Refused("channel_not_found")
        if found["is_archived"] and not reading:
            raise Refused("is_archived")
        return found

    def find(self, channel, ts):
        return next((message for message in self.messages.get(channel, ()) if message["ts"] == ts and not message.is_deleted), None)

    def own(self, channel, ts, refusal):
        self.conversation(channel)
        message = self.find(channel, ts)
        if not message:
            raise Refused("message_not_found")
        if message.get("bot_id") != BOT:
            raise Refused(refusal)
        return message

    def alive(self, channel=None):
        return [message for name, messages in self.messages.items() if channel in (None, name) for message in messages if not message.is_deleted]

    def next_ts(self, channel):
        return f"{int(time.time())}.{next(self.numbers):06d}"

    # --- what a message becomes ---

    def normal(self, args):
        """Slack escapes stray & < >, gives every block an id, and says emoji where nobody did."""
        kept = {name: copy.deepcopy(args[name]) for name in ("text", "blocks", "metadata") if args.get(name) is not None}
        kept["text"] = re.sub(r"&(?!(amp|lt|gt);)", "&amp;", kept.get("text", ""))
        for block in kept.get("blocks", ()):
            block.setdefault("block_id", f"b{next(self.numbers)}")
            for element in elements_of(block):
                element.setdefault("action_id", f"a{next(self.numbers)}")
        for text in texts_of(kept.get("blocks", [])):
            if text.get("type") == "plain_text":
                text.setdefault("emoji", True)
        return kept

    def check(self, args, is_update=False):
        code, why = check_message(args, is_update)
        if code:
            raise Refused(code, why)
        texts = [args.get("text") or ""] + [text["text"] for text in texts_of(args.get("blocks") or []) if text.get("type") == "mrkdwn"]
        for text in texts:
            for mention in re.findall(r"<!(?:channel|here|everyone|subteam)[^>]*>|<@[^>]*>", text):
                self.see("mention", mention)
        if args.get("link_names"):
            self.complain("link_names: names in the text become mentions")
        if args.get("blocks") and not args.get("text"):
            self.complain("blocks without text: nothing to notify with")

    def see(self, kind, text, **facts):
        self.seen.append(Seen(kind, text, **facts))

    # --- methods ---

    def auth_test(self, args):
        return {"url": "https://acme.example/", "team": "Acme", "user": "vedette", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "app_id": APP,
                "app_name": "vedette", "is_enterprise_install": False}

    def may_post(self, channel):
        found = self.conversation(channel, reading=False)
        if not found["is_member"] and "chat:write.public" not in self.scopes:
            raise Refused("not_in_channel")
        if found["is_read_only"]:
            raise Refused("restricted_action_read_only_channel")

    def chat_postMessage(self, args):
        channel = args.get("channel")
        self.may_post(channel)
        self.check(args)
        if args.get("unfurl_links") is not False or args.get("unfurl_media") is not False:
            self.complain("chat.postMessage without unfurl_links and unfurl_media false: Slack would fetch what the text names")
        thread = args.get("thread_ts")
        if thread is not None:
            parent = self.find(channel, thread)
            if not isinstance(thread, str) or not parent or parent.get("thread_ts", thread) != thread:
                raise Refused("cannot_reply_to_message")
        elif self.conversations[channel]["is_thread_only"]:
            raise Refused("restricted_action_thread_only_channel")
        message = self.post(channel, BOT_USER, bot_id=BOT, app_id=APP, thread_ts=thread, broadcast=args.get("reply_broadcast"), **self.normal(args))
        shown = {name: value for name, value in message.items() if name not in ("metadata", "channel")}
        return {"channel": channel, "ts": message["ts"], "message": shown}

    def post(self, channel, user, thread_ts=None, broadcast=False, **members):
        message = Message(type="message", user=user, team=TEAM, channel=channel, ts=self.next_ts(channel), **members)
        message.posted_at, message.edits = time.monotonic(), []
        if thread_ts:
            message["thread_ts"] = thread_ts
            parent = self.find(channel, thread_ts)
            parent["thread_ts"] = thread_ts
            parent["reply_count"] = parent.get("reply_count", 0) + 1
            if broadcast:
                message["subtype"] = "thread_broadcast"
        self.messages[channel].append(message)
        self.see("reply" if thread_ts else "message", message.shown(), channel=channel, ts=message["ts"], user=user, thread_ts=thread_ts, message=message)
        return message

    def chat_update(self, args):
        message = self.own(args.get("channel"), args.get("ts"), "cant_update_message")
        if args.get("blocks") == [] and not args.get("text"):
            raise Refused("no_text")
        self.check(args, is_update=True)
        if args.get("parse") != "none":
            self.complain("chat.update without parse none: it reads names and links in the text")
        self.edit(message, args)
        return {"channel": message["channel"], "ts": message["ts"], "text": message["text"],
                "message": {name: value for name, value in message.items() if name not in ("metadata", "channel")}}

    def edit(self, message, args):
        kept = self.normal(args)
        old = {block["block_id"]: block for block in message.get("blocks") or []}
        for block in kept.get("blocks", ()):
            if elements_of(block) and block["block_id"] in old and old[block["block_id"]] != block:
                self.complain(f"an update keeps block_id {block['block_id']} though its buttons have changed")
        message.edits = [*message.edits, (time.monotonic(), message.snapshot())]
        message["text"] = kept["text"]
        message.pop("blocks", None)  # text without blocks removes them
        if kept.get("blocks"):
            message["blocks"] = kept["blocks"]
        if "metadata" in args:
            message.pop("metadata", None)
            if args["metadata"]:
                message["metadata"] = kept["metadata"]
        self.see("edit", message.shown(), channel=message["channel"], ts=message["ts"], message=message)

    def chat_delete(self, args):
        message = self.own(args.get("channel"), args.get("ts"), "cant_delete_message")
        message.is_deleted = True
        self.see("delete", message.shown(), channel=message["channel"], ts=message["ts"], message=message)
        return {"channel": message["channel"], "ts": message["ts"]}

    def chat_postEphemeral(self, args):
        channel, user = args.get("channel"), args.get("user")
        self.conversation(channel, reading=False)
        if not user:
            raise Refused("invalid_arguments", ["missing required field: user"])
        self.check(args)
        self.see("ephemeral", all_text(self.normal(args)), channel=channel, user=user, thread_ts=args.get("thread_ts"))
        return {"message_ts": self.next_ts(channel)}

    def chat_getPermalink(self, args):
        if not self.find(args.get("channel"), args.get("message_ts")):
            raise Refused("message_not_found")
        return {"channel": args["channel"], "permalink": f"https://acme.example/archives/{args['channel']}/p{args['message_ts'].replace('.', '')}"}

    def conversations_info(self, args):
        return {"channel": dict(self.conversation(args.get("channel")))}

    def listed(self, messages, args, newest_first):
        with_metadata = str(args.get("include_all_metadata", "")).lower() in ("true", "1")
        inclusive = str(args.get("inclusive", "")).lower() in ("true", "1")
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        limit, start = min(int(args.get("limit") or 100), 999), int(args.get("cursor") or 0)
        inside = [message for message in messages if oldest < float(message["ts"]) < latest
                  or inclusive and args.get("oldest") and float(message["ts"]) == oldest or inclusive and float(message["ts"]) == latest]
        inside.sort(key=lambda message: float(message["ts"]), reverse=newest_first)
        page = [{name: value for name, value in message.items() if name != "channel" and (with_metadata or name != "metadata")}
                for message in inside[start:start + limit]]
        more = len(inside) > start + limit
        return {"messages": copy.deepcopy(page), "has_more": more, "response_metadata": {"next_cursor": str(start + limit) if more else ""}}

    def readable(self, channel):
        found = self.conversation(channel)
        if not found["is_member"]:
            raise Refused("not_in_channel")

    def conversations_history(self, args):
        self.readable(args.get("channel"))
        top = [message for message in self.alive(args["channel"])
               if message.get("thread_ts", message["ts"]) == message["ts"] or message.get("subtype") == "thread_broadcast"]
        return self.listed(top, args, newest_first=True)

    def conversations_replies(self, args):
        self.readable(args.get("channel"))
        parent = self.find(args["channel"], args.get("ts"))
        if not parent:
            raise Refused("thread_not_found")
        thread = parent.get("thread_ts", parent["ts"])
        return self.listed([message for message in self.alive(args["channel"]) if message is parent or message.get("thread_ts") == thread], args, False)

    def usergroups_users_list(self, args):
        if args.get("usergroup") not in self.usergroups:
            raise Refused("no_such_subteam")
        return {"users": list(self.usergroups[args["usergroup"]])}

    # --- modals ---

    def new_trigger(self, user, cause=None):
        trigger = f"{next(self.numbers)}.{TEAM}.trigger"
        self.triggers[trigger] = [user, time.monotonic(), False, cause]
        return trigger

    def views_open(self, args):
        trigger = self.triggers.get(args.get("trigger_id"))
        if not trigger:
            raise Refused("invalid_trigger_id")
        user, at, used, cause = trigger
        if used:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() - at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        view = self.checked_view(args)
        trigger[2] = True
        view.update(id=f"V{next(self.numbers)}", hash=f"{next(self.numbers)}.hash", team_id=TEAM, app_id=APP, bot_id=BOT)
        view.user = user
        self.views.append(view)
        self.see("view", all_text(view), user=user, message=view, cause=cause)
        return {"view": dict(view)}

    def views_update(self, args):
        view = next((view for view in self.views if args.get("view_id") == view["id"] or args.get("external_id") and args["external_id"] == view.get("external_id")), None)
        if not view or not view.is_open:
            raise Refused("not_found")
        if args.get("hash") and args["hash"] != view["hash"]:
            raise Refused("hash_conflict")
        view.update(self.checked_view(args), hash=f"{next(self.numbers)}.hash")
        self.see("view", all_text(view), user=view.user, message=view)
        return {"view": dict(view)}

    def checked_view(self, args):
        code, why = check_view(args.get("view"))
        if code:
            raise Refused(code, why)
        view = View(copy.deepcopy(args["view"]))
        for block in view["blocks"]:
            block.setdefault("block_id", f"b{next(self.numbers)}")
            for element in elements_of(block):
                element.setdefault("action_id", f"a{next(self.numbers)}")
        return view

    # --- response_url ---

    def new_response(self, channel, user, message=None, cause=None):
        number = next(self.numbers)
        self.responses[number] = {"channel": channel, "user": user, "message": message, "left": RESPONSE_USES, "at": time.monotonic(), "cause": cause}
        return number

    def respond(self, number, args):
        """(status, text) of a POST to a response_url."""
        response = self.responses.get(number)
        if not response or time.monotonic() - response["at"] > RESPONSE_SECONDS:
            return 404, "expired_url"
        if not response["left"]:
            return 404, "used_url"
        response["left"] -= 1
        code, _ = check_message(args)
        if code and not args.get("delete_original"):
            return 200 if code == "no_text" else 400, code
        facts = {"channel": response["channel"], "user": response["user"], "cause": response["cause"]}
        if args.get("replace_original") and response["message"] is not None:
            self.edit(response["message"], args)
        elif args.get("delete_original") and response["message"] is not None:
            response["message"].is_deleted = True
            self.see("delete", "", **facts)
        elif args.get("response_type", "ephemeral") == "in_channel":
            self.post(response["channel"], BOT_USER, bot_id=BOT, app_id=APP, **self.normal(args))
        else:
            self.see("ephemeral", all_text(self.normal(args)), **facts)
        return 200, "ok"
