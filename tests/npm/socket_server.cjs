// Slack's end of Socket Mode, spoken by `ws`: says what it sees, one JSON object a line, and does what it is told.
//
//   sees  {"saw": "listening", "port"}   {"saw": "connected", "link", "url", "headers", "extensions"}   {"saw": "text", "link", "text"}
//         {"saw": "ping" | "pong", "link", "hex"}   {"saw": "closed", "link", "code", "reason"}   {"saw": "error", "link", "why"}: what ws finds wrong
//   does  {"do": "text", "link", "pieces", "pings"}: a message in fragments, after each a ping (payloads in hex)   {"do": "ping", "link", "hex"}
//         {"do": "close", "link", "code", "reason"}   {"do": "raw", "link", "hex"}: bytes that ws itself would never write   {"do": "cut", "link"}
//
// Started with "silent" it answers no ping. It ends with its input.
const path = require("node:path");
const readline = require("node:readline");
const { WebSocketServer } = require(path.join(process.cwd(), "node_modules/ws"));

const links = [];
const say = (what) => console.log(JSON.stringify(what));
const bytes = (hex) => Buffer.from(hex, "hex");

const deeds = {
  text(link, { pieces, pings = [] }) {
    pieces.forEach((piece, i) => {
      link.send(piece, { fin: i === pieces.length - 1 });
      if (i < pings.length) link.ping(bytes(pings[i]));
    });
  },
  ping: (link, { hex }) => link.ping(bytes(hex)),
  close: (link, { code, reason }) => link.close(code, reason),
  raw: (link, { hex }) => link._socket.write(bytes(hex)),
  cut: (link) => link.terminate(),
};

// Compresses for whoever asks for it.
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 0 }, autoPong: process.argv[2] !== "silent" });

server.on("listening", () => say({ saw: "listening", port: server.address().port }));
server.on("connection", (socket, request) => {
  const link = links.push(socket) - 1;
  say({ saw: "connected", link, url: request.url, headers: request.headers, extensions: socket.extensions });
  socket.on("message", (text) => say({ saw: "text", link, text: text.toString() }));
  socket.on("ping", (data) => say({ saw: "ping", link, hex: data.toString("hex") }));
  socket.on("pong", (data) => say({ saw: "pong", link, hex: data.toString("hex") }));
  socket.on("close", (code, reason) => say({ saw: "closed", link, code, reason: reason.toString() }));
  socket.on("error", (error) => say({ saw: "error", link, why: error.code || error.message }));
  socket.send(JSON.stringify({ type: "hello", num_connections: 1, connection_info: { app_id: "A0VEDETTE" }, debug_info: { host: "applink" } }));
});

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    deeds[order.do](links[order.link], order);
  })
  .on("close", () => process.exit(0));
