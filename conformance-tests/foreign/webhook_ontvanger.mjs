// Receives webhooks as an integrator would, with npm's standardwebhooks; the Ed25519 signature, which that does not
// know, by node's own crypto. Reads a job as one line of JSON on standard input, { ca, cert, key, geheim, publiek },
// tells { poort } and then one line of JSON for each message that came. Ends when its input does.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

const lines = createInterface({ input: process.stdin });
lines.once("close", () => process.exit(0));
const job = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const webhook = new Webhook(job.geheim);
// What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410).
const spki = Buffer.concat([
  Buffer.from("302a300506032b6570032100", "hex"),
  Buffer.from(job.publiek.replace("whpk_", ""), "base64"),
]);
const key = createPublicKey({ key: spki, format: "der", type: "spki" });

const accepts = (body, headers) => {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

const acceptsEd25519 = (body, headers) => {
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const all = headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1a,"));
  return all.some((one) => verify(null, signed, key, Buffer.from(one.slice(4), "base64")));
};

const tls = { cert: readFileSync(job.cert), key: readFileSync(job.key), ca: readFileSync(job.ca) };
const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const { headers } = request;
  const later = { ...headers, "webhook-timestamp": `${Number(headers["webhook-timestamp"]) + 1}` };
  const tampered = [[`${body} `, headers], [body, later], [body, { ...headers, "webhook-id": "ander" }]];
  const goed = accepts(body, headers) && acceptsEd25519(body, headers);
  const geknoeid = tampered.map(([text, head]) => accepts(text, head) || acceptsEd25519(text, head));
  console.log(JSON.stringify({ bericht: JSON.parse(body), goed, geknoeid }));
  response.writeHead(goed ? 204 : 401).end();
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ poort: server.address().port })));
