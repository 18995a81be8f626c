// Welke leerbedrijven in de buurt zijn erkend? Met soap (npm), vanuit de WSDL alleen.
//
//     node soap_zoeken.mjs demo-map/demo.json
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import soap from "soap";

const demo = JSON.parse(readFileSync(process.argv[2]));
const afnemer = demo.afnemers.find((a) => a.addressering === "VERPLICHT");
const school = afnemer.scholen[0];

const ca = readFileSync(demo.ca);
const client = await soap.createClientAsync(`${demo.docs}/soap/v1/whitelabel?wsdl`, {
  wsdl_options: { httpsAgent: new Agent({ ca }) },
});

// Tweezijdig TLS: het certificaat is van de leverancier.
client.setSecurity(new soap.ClientSSLSecurity(afnemer.key, afnemer.cert, demo.ca));

// WS-Addressing: de school staat in wsa:From, de WSDL weet het adres en de actie, en elke aanroep krijgt een
// eigen MessageID.
const wsa = "http://www.w3.org/2005/08/addressing";
client.addSoapHeader((_, adres, actie) => `
  <wsa:To xmlns:wsa="${wsa}">${adres}</wsa:To>
  <wsa:Action xmlns:wsa="${wsa}">${actie}</wsa:Action>
  <wsa:MessageID xmlns:wsa="${wsa}">urn:uuid:${randomUUID()}</wsa:MessageID>
  <wsa:From xmlns:wsa="${wsa}"><wsa:Address>${wsa}/anonymous?oin=${school.oin}</wsa:Address></wsa:From>`);

const { code, postcode } = demo.voorbeelden[0];
const [antwoord] = await client.zoekenLeerplaatsenAsync({
  soort: "ERKENNING",
  postcode: postcode.slice(0, 4),
  straalKm: 25,
  code,
  leerweg: "BBL",
  sortering: "AFSTAND",
  paginaGrootte: 5,
});
console.log(`${antwoord.totaal} leerbedrijven`);
// Een lege lijst ontbreekt in XML.
for (const { naam, afstandKm, vestigingsadres } of antwoord.leerbedrijven?.leerbedrijf ?? []) {
  console.log(`${Number(afstandKm).toFixed(1)} km: ${naam}, ${vestigingsadres.plaats}`);
}
