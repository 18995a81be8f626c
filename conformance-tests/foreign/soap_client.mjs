// Calls the gateway with npm soap. Reads a job as JSON on standard input and writes what came of it as JSON:
// { wsdl, ca, cert, key, from?, calls: [{ operation, args }] } → [{ answer } | { fault }]
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import soap from "soap";

const WSA = "http://www.w3.org/2005/08/addressing";
const job = JSON.parse(readFileSync(0));

const client = await soap.createClientAsync(job.wsdl, {
  wsdl_options: { httpsAgent: new Agent({ ca: readFileSync(job.ca) }) },
});
client.setSecurity(new soap.ClientSSLSecurity(job.key, job.cert, job.ca));

if (job.from) {
  client.addSoapHeader((_, address, action) => `
    <wsa:To xmlns:wsa="${WSA}">${address}</wsa:To>
    <wsa:Action xmlns:wsa="${WSA}">${action}</wsa:Action>
    <wsa:MessageID xmlns:wsa="${WSA}">urn:uuid:${randomUUID()}</wsa:MessageID>
    <wsa:From xmlns:wsa="${WSA}"><wsa:Address>${job.from}</wsa:Address></wsa:From>`);
}

const results = [];
for (const { operation, args } of job.calls) {
  try {
    const [answer] = await client[`${operation}Async`](args);
    results.push({ answer });
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    results.push({ fault });
  }
}
console.log(JSON.stringify(results));
