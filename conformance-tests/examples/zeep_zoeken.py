"""Welke leerbedrijven in de buurt zijn erkend? Met zeep, vanuit de WSDL alleen.

python zeep_zoeken.py demo-map/demo.json
"""

import json
import sys

from lxml import etree
from requests import Session
from zeep import Client
from zeep.transports import Transport

demo = json.load(open(sys.argv[1]))
afnemer = next(a for a in demo["afnemers"] if a["addressering"] == "VERPLICHT")
school = afnemer["scholen"][0]

# Tweezijdig TLS: het certificaat is van de leverancier.
session = Session()
session.verify = demo["ca"]
session.cert = (afnemer["cert"], afnemer["key"])
session.trust_env = False  # anders gaat REQUESTS_CA_BUNDLE voor
client = Client(f"{demo['docs']}/soap/v1/whitelabel?wsdl", transport=Transport(session=session))

# De school staat in wsa:From. wsa:To, wsa:Action en wsa:MessageID zet zeep er zelf bij.
WSA = "http://www.w3.org/2005/08/addressing"
van = etree.Element(f"{{{WSA}}}From", nsmap={"wsa": WSA})
etree.SubElement(van, f"{{{WSA}}}Address").text = f"{WSA}/anonymous?oin={school['oin']}"
client.set_default_soapheaders([van])

voorbeeld = demo["voorbeelden"][0]
antwoord = client.service.zoekenLeerplaatsen(
    soort="ERKENNING",
    code=voorbeeld["code"],
    leerweg="BBL",
    postcode=voorbeeld["postcode"][:4],
    straalKm=25,
    sortering="AFSTAND",
    paginaGrootte=5,
)
print(f"{antwoord.totaal} leerbedrijven")
# Een lege lijst ontbreekt in XML.
for leerbedrijf in antwoord.leerbedrijven.leerbedrijf if antwoord.leerbedrijven else []:
    print(f"{leerbedrijf.afstandKm:.1f} km: {leerbedrijf.naam}, {leerbedrijf.vestigingsadres.plaats}")
