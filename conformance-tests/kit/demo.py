"""A running `stagepoort demo` and what its demo.json says (started by the tests, or by someone else)."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import requests

REPO = Path(__file__).resolve().parents[2]
SCHEMAS = REPO / "schemas"

# Nothing happens in it by itself; test_speelveld.py has the one in which things do.
SMALL = ("--leerbedrijven", "500", "--seed", "1", "--stil")
# All that the gateway itself can tell: the last test looks for what should not be in it.
LOG_LEVEL = "info,stagepoort=debug,actix_server=warn,actix_http=off"
# A debug build makes the register of `make demo` in half a minute; more means that it hangs.
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 40


@dataclass(frozen=True)
class Certificate:
    """A client certificate with its key, as paths to PEM files."""

    naam: str
    cert: str
    key: str

    def ssl_context(self, ca: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(self.cert, self.key)
        return context


@dataclass(frozen=True)
class School:
    oin: str
    brin: str
    naam: str


@dataclass(frozen=True)
class Afnemer(Certificate):
    """A party that the gateway lets in."""

    oin: str
    rol: str
    sleuteltype: str
    addressering: str
    scholen: tuple[School, ...]

    @property
    def school(self) -> School:
        return self.scholen[0]


class Demo:
    """What demo.json says. Look up afnemers and examples by what they are, not by place."""

    def __init__(self, path: Path):
        self.path = path
        self.data = json.loads(path.read_text())
        self.api: str = self.data["api"]
        self.docs: str = self.data["docs"]
        self.beheer: str = self.data["beheer"]
        self.oin: str = self.data["oin"]
        self.ca: str = self.data["ca"]
        self.endpoint = f"{self.api}/soap/v1/whitelabel"
        self.afnemers = tuple(_afnemer(item) for item in self.data["afnemers"])
        self.geweigerd = {item["naam"]: Certificate(**item) for item in self.data["geweigerd"]}
        self.voorbeelden: list[dict] = self.data["voorbeelden"]
        # What its register was filled with.
        self.levering = path.parent / "levering.ndjson"

    def afnemer(self, *, addressering: str, sleuteltype: str | None = None, several: bool | None = None) -> Afnemer:
        """The first afnemer of this kind; `several` is whether it has more than one school."""
        for afnemer in self.afnemers:
            fits_key = sleuteltype in (None, afnemer.sleuteltype)
            fits_schools = several in (None, len(afnemer.scholen) > 1)
            if afnemer.addressering == addressering and fits_key and fits_schools:
                return afnemer
        raise LookupError(f"demo.json has no afnemer {addressering} {sleuteltype or ''} several={several}")

    @cached_property
    def verplicht(self) -> Afnemer:
        return self.afnemer(addressering="VERPLICHT")

    @cached_property
    def optioneel(self) -> Afnemer:
        """With one school, so that nothing need be named."""
        return self.afnemer(addressering="OPTIONEEL", several=False)

    @cached_property
    def with_several_schools(self) -> Afnemer:
        return self.afnemer(addressering="OPTIONEEL", several=True)

    def foreign_school(self, afnemer: Afnemer) -> str:
        """The OIN of a school that exists, and whose mandate this afnemer has not."""
        own = {school.oin for school in afnemer.scholen}
        for other in self.afnemers:
            for school in other.scholen:
                if school.oin not in own:
                    return school.oin
        raise LookupError(f"every school of the demo has a mandate with {afnemer.naam}")

    @cached_property
    def public(self) -> requests.Session:
        """For the docs listener: the CA, and no client certificate."""
        session = requests.Session()
        session.verify = self.ca
        session.trust_env = False
        return session

    def session(self, certificate: Certificate) -> requests.Session:
        session = requests.Session()
        session.verify = self.ca
        session.cert = (certificate.cert, certificate.key)
        session.trust_env = False
        return session

    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.api)
        return parts.hostname or "localhost", parts.port or 443


def _afnemer(item: dict) -> Afnemer:
    fields = {name: item[name] for name in ("naam", "cert", "key", "oin", "rol", "sleuteltype", "addressering")}
    return Afnemer(**fields, scholen=tuple(School(**school) for school in item["scholen"]))


class RunningDemo:
    """Starts the binary in a folder and stops it by its own pid; small unless told otherwise."""

    # All of a run, for the last test: it looks at what each of them told.
    started: ClassVar[list[RunningDemo]] = []

    def __init__(self, folder: Path, arguments: tuple[str, ...] = SMALL):
        binary = Path(os.environ.get("STAGEPOORT_BIN", REPO / "target/debug/stagepoort")).absolute()
        if not binary.is_file():
            raise FileNotFoundError(f"{binary}: build it with `cargo build -p stagepoort`, or set STAGEPOORT_BIN")
        self.folder = folder / "demo-map"
        self.log = folder / "demo.log"
        self.levering = self.folder / "levering.ndjson"
        self.beheer: str | None = None
        self.metrics: list[str] = []
        ports = [argument for name in ("api", "docs", "beheer") for argument in (f"--poort-{name}", "0")]
        command = [binary, "demo", "--map", self.folder, "--logniveau", LOG_LEVEL, *arguments, *ports]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        RunningDemo.started.append(self)

    def wait(self) -> Demo:
        path = self.folder / "demo.json"
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if path.exists():
                demo = Demo(path)
                self.beheer = demo.beheer
                return demo
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        ended = self.process.poll()
        raise RuntimeError(f"no demo.json; exit code {ended}; its log:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> int:
        """Ends it as an operator would; the exit code says whether it went down in order."""
        self.scrape()
        self.process.terminate()
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def scrape(self) -> None:
        """Keeps what its metrics say now, if it still runs."""
        if self.beheer is None or self.process.poll() is not None:
            return
        with requests.Session() as session, contextlib.suppress(requests.ConnectionError):
            session.trust_env = False
            self.metrics.append(session.get(f"{self.beheer}/metrics", timeout=10).text)

    def told(self) -> dict[str, str]:
        """All that it logged, and its metrics, of each time that they were looked at."""
        self.scrape()
        return {str(self.log): self.log.read_text(), f"{self.log.parent}/metrics": "\n".join(self.metrics)}


def question_of(voorbeeld: dict) -> dict:
    """The fields of natrekkenErkenning of an example."""
    return {name: str(voorbeeld[name]) for name in ("leerbedrijfId", "code", "peildatum")}
