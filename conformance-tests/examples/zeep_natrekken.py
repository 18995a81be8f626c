"""Is dit leerbedrijf erkend? Met zeep, vanuit de WSDL alleen.

python zeep_natrekken.py demo-map/demo.json
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
antwoord = client.service.natrekkenErkenning(
    leerbedrijfId=voorbeeld["leerbedrijfId"],
    code=voorbeeld["code"],
    peildatum=voorbeeld["peildatum"],
)
print(f"{antwoord.naam}: {antwoord.erkenningStatus} voor {antwoord.code} op {antwoord.peildatum}")
