// Bolt's own verifier of signatures: reads JSON requests, one a line, and answers each with a line.
//
//   {"do": "verify", "secret", "body", "timestamp", "signature", "now_ms"}  ->  {"accepted": true} or {"accepted": false, "why"}
//   {"do": "sign", "secret", "body", "timestamp"}                           ->  {"signature"}: what Bolt computes for itself
const crypto = require("node:crypto");
const path = require("node:path");
const readline = require("node:readline");
const { verifySlackRequest } = require(path.join(process.cwd(), "node_modules/@slack/bolt/dist/receivers/verify-request.js"));

function verify({ secret, body, timestamp, signature, now_ms }) {
  const headers = { "x-slack-request-timestamp": Number(timestamp), "x-slack-signature": signature };
  try {
    verifySlackRequest({ signingSecret: secret, body, headers, nowMilliseconds: now_ms });
    return { accepted: true };
  } catch (error) {
    return { accepted: false, why: error.message };
  }
}

// Bolt does not offer to sign; the first thing that it computes is the signature to compare with, and that one is taken.
function sign({ secret, body, timestamp }) {
  const createHmac = crypto.createHmac;
  let computed = "";
  crypto.createHmac = (...parameters) => {
    const hmac = createHmac(...parameters);
    const digest = hmac.digest.bind(hmac);
    hmac.digest = (...form) => {
      const value = digest(...form);
      computed ||= value;
      return value;
    };
    return hmac;
  };
  verify({ secret, body, timestamp, signature: "v0=" + "0".repeat(64), now_ms: timestamp * 1000 });
  crypto.createHmac = createHmac;
  return { signature: "v0=" + computed };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  console.log(JSON.stringify(request.do === "sign" ? sign(request) : verify(request)));
});
