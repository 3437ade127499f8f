"""yaml-language-server over stdio, as an editor speaks to it (LSP 3.17). Ended by its own pid."""
import json
import subprocess
import threading

PATIENCE = 60
CAPABILITIES = {"textDocument": {"completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["plaintext"]}},
                                 "hover": {"contentFormat": ["plaintext"]}}}
# What editors send of themselves: no list of schemas from elsewhere, since the modeline alone is to be tried.
SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}}


class LanguageServer:
    def __init__(self, npm, root):
        self.process = subprocess.Popen(["node", npm / "node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.watchdog = threading.Timer(PATIENCE, self.process.kill)
        self.watchdog.start()
        self.n_asked = 0
        self.diagnostics = {}
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": CAPABILITIES})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def close(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        n_bytes = 0
        while (line := self.process.stdout.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                n_bytes = int(line.split(b":")[1])
        assert n_bytes, "the language server is gone"
        return json.loads(self.process.stdout.read(n_bytes))

    def take(self, message):
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.n_asked += 1
        number = self.n_asked
        self.send({"id": number, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == number and "method" not in message:
                return message["result"]
            self.take(message)

    def open(self, path):
        """What is said of the file: (line from 1, text)."""
        uri = path.as_uri()
        self.diagnostics.pop(uri, None)
        self.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": path.read_text()}})
        while uri not in self.diagnostics:
            self.take(self.receive())
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self.diagnostics[uri]]

    def at(self, path, line, column):
        return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line - 1, "character": column}}

    def completions(self, path, line, column):
        """What is proposed there: label -> what is said of it. Lines count from 1, columns from 0."""
        answer = self.ask("textDocument/completion", self.at(path, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: item.get("documentation") for item in items}

    def hover(self, path, line, column):
        contents = self.ask("textDocument/hover", self.at(path, line, column))["contents"]
        return contents if isinstance(contents, str) else contents["value"]
