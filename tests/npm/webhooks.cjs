// The senders' own libraries of signatures: reads JSON requests, one a line, and answers each with a line.
//
//   {"do": "sign", "sender", "secret", "body", "id", "timestamp"}            ->  {"headers"}: what the sender would send
//   {"do": "judge", "sender", "secret", "body", "headers", "certificate"}    ->  {"accepted": true} or {"accepted": false, "why"}
//   {"do": "emit", "url", "token", "mode", "event"}                          ->  {"answer"}: what the door said to the emitter of CloudEvents
//   {"do": "batch", "events"}                                                ->  {"headers", "body", "n_read"}: as the library reads it back
const https = require("node:https");
const path = require("node:path");
const readline = require("node:readline");
const { EventEmitter } = require("node:events");
const { pathToFileURL } = require("node:url");

const modules = path.join(process.cwd(), "node_modules");
const library = (name) => require(path.join(modules, name));
// Some are ECMAScript modules, which an older node 20 does not `require`.
const module_of = (file) => import(pathToFileURL(path.join(modules, file)));
const octokit = () => module_of("@octokit/webhooks-methods/dist-node/index.js");
const linear = () => module_of("@linear/sdk/dist/webhooks/index.mjs");

const signers = {
  github: async ({ secret, body }) => ({ "X-Hub-Signature-256": await (await octokit()).sign(secret, body) }),
  "standard-webhooks": async ({ secret, body, id, timestamp }) => {
    const { Webhook } = library("standardwebhooks");
    return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": new Webhook(secret).sign(id, new Date(timestamp * 1000), body) };
  },
  stripe: async ({ secret, body, timestamp }) => ({
    "Stripe-Signature": library("stripe").webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
  }),
};

// SNS' certificate comes from SNS; here it comes from the request.
function with_certificate(certificate, validate) {
  const get = https.get;
  https.get = (url, on_answer) => {
    const answer = Object.assign(new EventEmitter(), { statusCode: 200 });
    on_answer(answer);
    process.nextTick(() => {
      answer.emit("data", certificate);
      answer.emit("end");
    });
    return new EventEmitter();
  };
  return validate().finally(() => { https.get = get; });
}

const judges = {
  github: async ({ secret, body, headers }) => (await octokit()).verify(secret, body, headers["x-hub-signature-256"]),
  "standard-webhooks": async ({ secret, body, headers }) => Boolean(new (library("standardwebhooks").Webhook)(secret).verify(body, headers)),
  stripe: async ({ secret, body, headers }) => Boolean(library("stripe").webhooks.constructEvent(body, headers["stripe-signature"], secret)),
  linear: async ({ secret, body, headers }) => {
    const { LinearWebhookClient } = await linear();
    return new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"], JSON.parse(body).webhookTimestamp);
  },
  sns: ({ body, certificate }) => with_certificate(certificate, () => new Promise((resolve, reject) => {
    new (library("sns-validator"))().validate(body, (error) => (error ? reject(error) : resolve(true)));
  })),
};

async function judge(request) {
  try {
    return { accepted: await judges[request.sender](request) };
  } catch (error) {
    return { accepted: false, why: error.message };
  }
}

async function emit({ url, token, mode, event }) {
  const { CloudEvent, Mode, emitterFor, httpTransport } = library("cloudevents");
  const send = emitterFor(httpTransport(url), { mode: Mode[mode] });
  const { body } = await send(new CloudEvent(event), { headers: { Authorization: `Bearer ${token}` } });
  return { answer: JSON.parse(body) };
}

// The library reads batches and has no call that makes one: an array of what it makes of each event.
async function batch({ events }) {
  const { CloudEvent, HTTP } = library("cloudevents");
  const message = {
    headers: { "content-type": "application/cloudevents-batch+json; charset=utf-8" },
    body: `[${events.map((event) => HTTP.structured(new CloudEvent(event)).body).join(",")}]`,
  };
  return { ...message, n_read: HTTP.toEvent(message).length };
}

const answers = { sign: async (request) => ({ headers: await signers[request.sender](request) }), judge, emit, batch };

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    console.log(JSON.stringify(await answers[request.do](request)));
  }
}

main();
