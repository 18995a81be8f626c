"""REST calls with requests; every answer is put to openapi.json."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

import requests

from kit.demo import Afnemer, Demo
from kit.openapi import OpenApi
from kit.soap import TIMEOUT_S

SCHOOL_HEADER = "Onderwijsinstelling-OIN"


class RestClient:
    """Calls the gateway as one afnemer for one school, which it names in the header unless told not to."""

    def __init__(self, demo: Demo, afnemer: Afnemer, openapi: OpenApi, school: str | None = None):
        self.demo, self.afnemer, self.openapi = demo, afnemer, openapi
        self.school = school or afnemer.school.oin
        self.session = demo.session(afnemer)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: dict | None = None,
        headers: dict | None = None,
        check: bool = True,
        **body,
    ):
        """`path` goes out as it is, `//` and `..` included. A header that is None is not sent."""
        sent = {SCHOOL_HEADER: self.school} | (headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        request = self.session.prepare_request(requests.Request(method, self.demo.api + "/", headers=sent, **body))
        # RFC 3986: a space is %20 and a plus is a plus; only forms have it otherwise.
        encoded = urlencode(query or {}, quote_via=quote, safe="")
        request.url = self.demo.api + path + (f"?{encoded}" if encoded else "")
        response = self.session.send(request, timeout=TIMEOUT_S, allow_redirects=False)
        if check:
            self.openapi.check(method, urlsplit(path).path, response)
        return response

    def get(self, path: str, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs):
        return self.request("POST", path, **kwargs)

    def call(self, operation: str, fields: dict):
        """The operation with the same fields as over SOAP, each in its place."""
        return getattr(self, f"_{operation}")(dict(fields))

    def _natrekkenErkenning(self, fields: dict):
        leerbedrijf_id, code = segment(fields.pop("leerbedrijfId")), segment(fields.pop("code"))
        return self.get(f"/v1/leerbedrijven/{leerbedrijf_id}/erkenningen/{code}", query=fields)

    def _natrekkenErkenningen(self, fields: dict):
        return self.post("/v1/erkenningen/_natrekken", json=fields)

    def _vaststellenLeerbedrijf(self, fields: dict):
        if set(fields) <= {"leerbedrijfId", "minimaleRegisterVersie"} and fields.get("leerbedrijfId"):
            leerbedrijf_id = segment(fields.pop("leerbedrijfId"))
            return self.get(f"/v1/leerbedrijven/{leerbedrijf_id}", query=fields)
        return self.post("/v1/leerbedrijven/_zoek", json=fields)

    def _vaststellenLeerbedrijven(self, fields: dict):
        return self.post("/v1/leerbedrijven/_vaststellen", json=fields)

    def _zoekenLeerplaatsen(self, fields: dict):
        return self.post("/v1/leerplaatsen/_zoek", json=fields)

    def _registrerenBpvos(self, fields: dict):
        return self.request("PUT", "/v1/bpvos", json=fields)

    def _opvragenBpvos(self, fields: dict):
        return self.get("/v1/bpvos", query=fields)

    def _aanmeldenAbonnement(self, fields: dict):
        return self.post("/v1/abonnementen", json=fields)

    def _opvragenAbonnementen(self, fields: dict):
        if "abonnementId" in fields:
            abonnement_id = segment(fields.pop("abonnementId"))
            return self.get(f"/v1/abonnementen/{abonnement_id}", query=fields)
        return self.get("/v1/abonnementen", query=fields)

    def _wijzigenAbonnement(self, fields: dict):
        abonnement_id = segment(fields.pop("abonnementId"))
        return self.request("PUT", f"/v1/abonnementen/{abonnement_id}", json=fields)

    def _beeindigenAbonnement(self, fields: dict):
        abonnement_id = segment(fields.pop("abonnementId"))
        return self.request("DELETE", f"/v1/abonnementen/{abonnement_id}", query=fields)

    def _opvragenMutaties(self, fields: dict):
        return self.get("/v1/mutaties", query=fields)

    def _vergelijkenMutaties(self, fields: dict):
        return self.post("/v1/mutaties/_vergelijken", json=fields)

    def _opvragenDetailgegevens(self, fields: dict):
        leerbedrijf_id = segment(fields.pop("leerbedrijfId"))
        return self.get(f"/v1/leerbedrijven/{leerbedrijf_id}/detailgegevens", query=fields)


def segment(text: str) -> str:
    """One path segment, whatever is in it."""
    return quote(text, safe="")
