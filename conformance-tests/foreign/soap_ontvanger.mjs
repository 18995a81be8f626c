// A subscriber's service, made by npm soap from the callback WSDL alone. Reads a job as one line of JSON on standard
// input, { ca, cert, key, wsdl }, tells { poort } and then one line of JSON for each call: what it was made of the
// message. Ends when its input does.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";
import soap from "soap";

const lines = createInterface({ input: process.stdin });
lines.once("close", () => process.exit(0));
const job = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const tls = { cert: readFileSync(job.cert), key: readFileSync(job.key), ca: readFileSync(job.ca) };
const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true });

const meldenMutaties = (args, _callback, headers) => {
  console.log(JSON.stringify({ args, headers }));
  return { ontvangen: true };
};
const services = { Mutatieontvanger: { MutatieontvangerPort: { meldenMutaties } } };
server.listen(0, "127.0.0.1", () => {
  soap.listen(server, {
    path: "/mutaties",
    services,
    xml: readFileSync(job.wsdl, "utf8"),
    uri: job.wsdl,
    callback: (error) => {
      if (error) throw error;
      console.log(JSON.stringify({ poort: server.address().port }));
    },
  });
});
