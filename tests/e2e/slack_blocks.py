"""What Slack takes as a message or a view, and what it refuses: the limits of Block Kit as a checker.

    code, why = check_message({"text": …, "blocks": […]})     # (None, []) when Slack would take it
    code, why = check_view({"type": "modal", …})

`code` is the error that Slack answers, `why` its messages: "must be at most 75 characters [json-pointer:/blocks/0/elements/1/text/text]".
Characters are UTF-16 units, the largest of the units in which Slack may count them.
"""

MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_MESSAGE_CHARACTERS = 13200  # all texts of all blocks together; a header costs HEADER_CHARACTERS more
HEADER_CHARACTERS = 100
MAX_TEXT_CHARACTERS = 40000
MAX_UPDATE_TEXT_CHARACTERS = 4000
MAX_METADATA_BYTES = 8000
PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")


def length(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Checker:
    def __init__(self, kind):
        self.kind = kind  # "message" or "modal"
        self.why = []
        self.n_characters = 0
        self.block_ids = set()

    def refuse(self, where, what):
        self.why.append(f"{what} [json-pointer:{where}]")

    # --- values ---

    def members(self, where, thing, required, optional=()):
        """An object with these members and no others; False when there is nothing to look into."""
        if not isinstance(thing, dict):
            self.refuse(where, "must be an object")
            return False
        for name in required:
            if name not in thing:
                self.refuse(where, f"missing required field: {name}")
        for name in thing:
            if name not in required and name not in optional:
                self.refuse(f"{where}/{name}", f"no more than {sorted([*required, *optional])} are allowed")
        return True

    def string(self, where, value, most, least=1):
        if not isinstance(value, str):
            self.refuse(where, "must be a string")
        elif length(value) > most:
            self.refuse(where, f"must be at most {most} characters")
        elif length(value) < least:
            self.refuse(where, f"must be at least {least} character")

    def flag(self, where, thing, name):
        if name in thing and not isinstance(thing[name], bool):
            self.refuse(f"{where}/{name}", "must be a boolean")

    def choice(self, where, thing, name, values):
        if name in thing and thing[name] not in values:
            self.refuse(f"{where}/{name}", f"must be one of {values}")

    def many(self, where, things, most, check, least=1):
        if not isinstance(things, list):
            self.refuse(where, "must be an array")
            return
        if len(things) > most:
            self.refuse(where, f"must have at most {most} items")
        if len(things) < least:
            self.refuse(where, f"must have at least {least} item")
        for i, thing in enumerate(things):
            check(f"{where}/{i}", thing)

    def text(self, where, thing, most=3000, kinds=ANY_TEXT):
        if not self.members(where, thing, ("type", "text"), ("emoji", "verbatim")):
            return
        if thing.get("type") not in kinds:
            self.refuse(f"{where}/type", f"must be one of {kinds}")
        if "emoji" in thing and thing.get("type") != "plain_text" or "verbatim" in thing and thing.get("type") != "mrkdwn":
            self.refuse(where, "emoji is for plain_text, verbatim for mrkdwn")
        self.flag(where, thing, "emoji")
        self.flag(where, thing, "verbatim")
        self.string(f"{where}/text", thing.get("text"), most)
        self.n_characters += length(thing["text"]) if isinstance(thing.get("text"), str) else 0

    def url(self, where, thing):
        if "url" in thing:
            self.string(f"{where}/url", thing["url"], 3000)
            if not str(thing["url"]).startswith(("http://", "https://")):
                self.refuse(f"{where}/url", "must be a valid URL")

    # --- blocks ---

    def blocks(self, where, blocks, most):
        self.many(where, blocks, most, self.block)

    def block(self, where, block):
        kind = block.get("type") if isinstance(block, dict) else None
        check = BLOCKS.get(kind)
        if not check:
            self.refuse(f"{where}/type", f"unsupported type: {kind}")
            return
        if "block_id" in block:
            self.string(f"{where}/block_id", block["block_id"], 255)
            if block["block_id"] in self.block_ids:
                self.refuse(f"{where}/block_id", f"block_id {block['block_id']} already exists")
            self.block_ids.add(block["block_id"])
        check(self, where, block)
        action_ids = [element["action_id"] for element in elements_of(block) if "action_id" in element]
        if len(action_ids) != len(set(action_ids)):
            self.refuse(where, "`action_id` already exists in this block")

    def header(self, where, block):
        if self.members(where, block, ("type", "text"), ("block_id",)):
            self.text(f"{where}/text", block.get("text"), 150, PLAIN)
            self.n_characters += HEADER_CHARACTERS

    def section(self, where, block):
        self.members(where, block, ("type",), ("block_id", "text", "fields", "accessory", "expand"))
        if "text" not in block and "fields" not in block:
            self.refuse(where, "missing required field: text or fields")
        if "text" in block:
            self.text(f"{where}/text", block["text"])
        if "fields" in block:
            self.many(f"{where}/fields", block["fields"], 10, lambda at, field: self.text(at, field, 2000))
        if "accessory" in block:
            self.element(f"{where}/accessory", block["accessory"], SECTION_ELEMENTS)
        self.flag(where, block, "expand")

    def divider(self, where, block):
        self.members(where, block, ("type",), ("block_id",))

    def context(self, where, block):
        def element(at, thing):
            if isinstance(thing, dict) and thing.get("type") == "image":
                self.image_element(at, thing)
            else:
                self.text(at, thing, 3000)
        if self.members(where, block, ("type", "elements"), ("block_id",)):
            self.many(f"{where}/elements", block.get("elements"), 10, element)

    def actions(self, where, block):
        if self.members(where, block, ("type", "elements"), ("block_id",)):
            self.many(f"{where}/elements", block.get("elements"), 25, lambda at, thing: self.element(at, thing, ACTION_ELEMENTS))

    def input(self, where, block):
        if not self.members(where, block, ("type", "label", "element"), ("block_id", "hint", "optional", "dispatch_action")):
            return
        self.text(f"{where}/label", block.get("label"), 2000, PLAIN)
        if "hint" in block:
            self.text(f"{where}/hint", block["hint"], 2000, PLAIN)
        self.flag(where, block, "optional")
        self.flag(where, block, "dispatch_action")
        self.element(f"{where}/element", block.get("element"), INPUT_ELEMENTS)

    def image(self, where, block):
        if self.members(where, block, ("type", "alt_text", "image_url"), ("block_id", "title")):
            self.string(f"{where}/alt_text", block.get("alt_text"), 2000)
            self.string(f"{where}/image_url", block.get("image_url"), 3000)
            if "title" in block:
                self.text(f"{where}/title", block["title"], 2000, PLAIN)

    def rich_text(self, where, block):
        def part(at, thing):
            if not isinstance(thing, dict) or thing.get("type") not in RICH_TEXT_PARTS:
                self.refuse(at, f"must be one of {RICH_TEXT_PARTS}")
            elif thing["type"] == "rich_text_list":
                self.members(at, thing, ("type", "elements", "style"), ("indent", "offset", "border"))
                self.choice(at, thing, "style", ("bullet", "ordered"))
                self.many(f"{at}/elements", thing.get("elements"), 1000, part)
            else:
                self.members(at, thing, ("type", "elements"), ("border", "language"))
                self.many(f"{at}/elements", thing.get("elements"), 1000, self.rich_text_element, least=0)
        if self.members(where, block, ("type", "elements"), ("block_id",)):
            self.many(f"{where}/elements", block.get("elements"), 1000, part)

    def rich_text_element(self, where, thing):
        kind = thing.get("type") if isinstance(thing, dict) else None
        if kind not in RICH_TEXT_ELEMENTS:
            self.refuse(where, f"unsupported type: {kind}")
            return
        required, optional = RICH_TEXT_ELEMENTS[kind]
        self.members(where, thing, ("type", *required), ("style", *optional))
        if "style" in thing:
            self.members(f"{where}/style", thing["style"], (), ("bold", "italic", "strike", "code", "underline"))
        if "text" in thing:
            self.string(f"{where}/text", thing["text"], MAX_MESSAGE_CHARACTERS)
            self.n_characters += length(str(thing["text"]))
        self.url(where, thing)

    def markdown(self, where, block):
        if self.members(where, block, ("type", "text"), ("block_id",)):
            self.string(f"{where}/text", block.get("text"), 12000)
            self.n_characters += length(str(block.get("text")))

    # --- elements ---

    def element(self, where, element, allowed):
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in allowed:
            self.refuse(f"{where}/type", f"unsupported type here: {kind}")
            return
        if "action_id" in element:
            self.string(f"{where}/action_id", element["action_id"], 255)
        ELEMENTS[kind](self, where, element)
        if "confirm" in element:
            self.confirm(f"{where}/confirm", element["confirm"])

    def button(self, where, button):
        self.members(where, button, ("type", "text"), ("action_id", "url", "value", "style", "confirm", "accessibility_label"))
        self.text(f"{where}/text", button.get("text"), 75, PLAIN)
        self.url(where, button)
        if "value" in button:
            self.string(f"{where}/value", button["value"], 2000)
        if "accessibility_label" in button:
            self.string(f"{where}/accessibility_label", button["accessibility_label"], 75)
        self.choice(where, button, "style", ("primary", "danger"))

    def overflow(self, where, element):
        if self.members(where, element, ("type", "options"), ("action_id", "confirm")):
            self.many(f"{where}/options", element.get("options"), 5, lambda at, thing: self.option(at, thing, 75, PLAIN))

    def static_select(self, where, element):
        self.members(where, element, ("type",),
                     ("action_id", "placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"))
        if ("options" in element) == ("option_groups" in element):
            self.refuse(where, "either options or option_groups")
        if "placeholder" in element:
            self.text(f"{where}/placeholder", element["placeholder"], 150, PLAIN)
        if "options" in element:
            self.many(f"{where}/options", element["options"], 100, lambda at, thing: self.option(at, thing, 150, PLAIN))
        if "option_groups" in element:
            self.many(f"{where}/option_groups", element["option_groups"], 100, self.option_group)
        self.initial_option(where, element)

    def initial_option(self, where, element):
        options = element.get("options") or [option for group in element.get("option_groups") or [] for option in group.get("options", [])]
        if "initial_option" in element and element["initial_option"] not in options:
            self.refuse(f"{where}/initial_option", "must be one of the options")

    def option_group(self, where, group):
        if self.members(where, group, ("label", "options")):
            self.text(f"{where}/label", group.get("label"), 75, PLAIN)
            self.many(f"{where}/options", group.get("options"), 100, lambda at, thing: self.option(at, thing, 150, PLAIN))

    def few_options(self, where, element):
        self.members(where, element, ("type", "options"), ("action_id", "initial_option", "initial_options", "confirm", "focus_on_load"))
        self.many(f"{where}/options", element.get("options"), 10, lambda at, thing: self.option(at, thing, 150, ANY_TEXT))
        self.initial_option(where, element)

    def option(self, where, option, most_value, kinds):
        if not self.members(where, option, ("text", "value"), ("description", "url")):
            return
        self.text(f"{where}/text", option.get("text"), 75, kinds)
        self.string(f"{where}/value", option.get("value"), most_value)
        if "description" in option:
            self.text(f"{where}/description", option["description"], 75, kinds)
        self.url(where, option)

    def plain_text_input(self, where, element):
        self.members(where, element, ("type",), ("action_id", "initial_value", "multiline", "min_length", "max_length", "placeholder",
                                                 "focus_on_load", "dispatch_action_config"))
        if "placeholder" in element:
            self.text(f"{where}/placeholder", element["placeholder"], 150, PLAIN)
        most = element.get("max_length", 3000)
        if not isinstance(most, int) or not 1 <= most <= 3000:
            self.refuse(f"{where}/max_length", "must be from 1 to 3000")
        elif "initial_value" in element:
            self.string(f"{where}/initial_value", element["initial_value"], most, least=0)

    def number_input(self, where, element):
        self.members(where, element, ("type", "is_decimal_allowed"), ("action_id", "initial_value", "min_value", "max_value", "placeholder",
                                                                       "focus_on_load", "dispatch_action_config"))

    def datetimepicker(self, where, element):
        self.members(where, element, ("type",), ("action_id", "initial_date_time", "confirm", "focus_on_load"))

    def image_element(self, where, element):
        self.members(where, element, ("type", "image_url", "alt_text"))
        self.string(f"{where}/alt_text", element.get("alt_text"), 2000)

    def confirm(self, where, confirm):
        if not self.members(where, confirm, ("title", "text", "confirm", "deny"), ("style",)):
            return
        for name, most, kinds in (("title", 100, PLAIN), ("text", 300, ANY_TEXT), ("confirm", 30, PLAIN), ("deny", 30, PLAIN)):
            self.text(f"{where}/{name}", confirm.get(name), most, kinds)
        self.choice(where, confirm, "style", ("primary", "danger"))


BLOCKS = {
    "header": Checker.header, "section": Checker.section, "divider": Checker.divider, "context": Checker.context, "actions": Checker.actions,
    "input": Checker.input, "image": Checker.image, "rich_text": Checker.rich_text, "markdown": Checker.markdown,
}
ELEMENTS = {
    "button": Checker.button, "overflow": Checker.overflow, "static_select": Checker.static_select, "radio_buttons": Checker.few_options,
    "checkboxes": Checker.few_options, "plain_text_input": Checker.plain_text_input, "number_input": Checker.number_input,
    "datetimepicker": Checker.datetimepicker, "image": Checker.image_element,
}
ACTION_ELEMENTS = ("button", "overflow", "static_select", "radio_buttons", "checkboxes", "datetimepicker")
SECTION_ELEMENTS = (*ACTION_ELEMENTS, "image")
INPUT_ELEMENTS = ("static_select", "radio_buttons", "checkboxes", "plain_text_input", "number_input", "datetimepicker")
RICH_TEXT_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
RICH_TEXT_ELEMENTS = {
    "text": (("text",), ()), "link": (("url",), ("text", "unsafe")), "user": (("user_id",), ()), "usergroup": (("usergroup_id",), ()),
    "channel": (("channel_id",), ()), "emoji": (("name",), ("unicode", "skin_tone")), "broadcast": (("range",), ()),
    "date": (("timestamp", "format"), ("url", "fallback")), "color": (("value",), ()),
}


def elements_of(block):
    """All elements of a block that a person can use."""
    if not isinstance(block, dict):
        return []
    found = [block.get("accessory"), block.get("element")]
    if block.get("type") == "actions" and isinstance(block.get("elements"), list):
        found += block["elements"]
    return [element for element in found if isinstance(element, dict) and "type" in element]


def texts_of(thing):
    """Every text object of a message, wherever it stands."""
    if isinstance(thing, list):
        for one in thing:
            yield from texts_of(one)
    elif isinstance(thing, dict):
        if isinstance(thing.get("text"), str):
            yield thing
        for one in thing.values():
            yield from texts_of(one)


def all_text(message):
    """What a person can read of a message, text by text."""
    return "\n".join([thing["text"] for thing in texts_of(message.get("blocks") or [])] or [message.get("text") or ""])


def check_blocks(blocks, kind="message"):
    checker = Checker(kind)
    checker.blocks("/blocks", blocks, MAX_MESSAGE_BLOCKS if kind == "message" else MAX_VIEW_BLOCKS)
    if checker.why:
        return "invalid_blocks", checker.why
    if kind == "message" and checker.n_characters > MAX_MESSAGE_CHARACTERS:
        return "msg_blocks_too_long", [f"{checker.n_characters} characters in all blocks together"]
    return None, []


def check_metadata(metadata):
    checker = Checker("metadata")
    if metadata == {}:
        return None, []
    if checker.members("/metadata", metadata, ("event_type", "event_payload")):
        checker.string("/metadata/event_type", metadata.get("event_type"), 255)
        if not isinstance(metadata.get("event_payload"), dict):
            checker.refuse("/metadata/event_payload", "must be an object")
        elif any(isinstance(value, dict) for value in metadata["event_payload"].values()):
            checker.refuse("/metadata/event_payload", "must be flat")
    if checker.why:
        return "invalid_metadata_format", checker.why
    return ("metadata_too_large", []) if len(str(metadata)) > MAX_METADATA_BYTES else (None, [])


def check_message(message, is_update=False):
    """A message as chat.postMessage, chat.update, chat.postEphemeral or a response_url take it."""
    blocks, text = message.get("blocks"), message.get("text")
    if text is not None and not isinstance(text, str):
        return "invalid_arguments", ["must be a string [json-pointer:/text]"]
    if not text and not blocks:
        return "no_text", []
    if text and length(text) > (MAX_UPDATE_TEXT_CHARACTERS if is_update else MAX_TEXT_CHARACTERS):
        return "msg_too_long", []
    if "metadata" in message:
        code, why = check_metadata(message["metadata"])
        if code:
            return code, why
    return check_blocks(blocks) if blocks else (None, [])


def check_view(view):
    """A view as views.open and views.update take it."""
    checker = Checker("modal")
    if checker.members("", view, ("type", "title", "blocks"), ("callback_id", "external_id", "private_metadata", "submit", "close",
                                                               "clear_on_close", "notify_on_close", "submit_disabled")):
        checker.choice("", view, "type", ("modal",))
        for name in ("title", "submit", "close"):
            if name in view:
                checker.text(f"/{name}", view[name], 24, PLAIN)
        for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
            if name in view:
                checker.string(f"/{name}", view[name], most, least=0)
        checker.blocks("/blocks", view.get("blocks"), MAX_VIEW_BLOCKS)
        if any(isinstance(block, dict) and block.get("type") == "input" for block in view.get("blocks") or []) and "submit" not in view:
            checker.refuse("/submit", "a modal with input blocks needs a submit")
    return ("invalid_arguments", checker.why) if checker.why else (None, [])
