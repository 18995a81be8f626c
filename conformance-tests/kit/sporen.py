"""What leads to a person, a student or a key, and where it must not stand: log lines and metrics."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Shorter texts stand in a log for other reasons. Whole names of people are longer, and so are all keys that a
# register or a test makes up to be found by.
SHORTEST = 6

SECRET = re.compile(r"whs[eck]{1,2}_[A-Za-z0-9+/=]{4,}")


@dataclass
class Sporen:
    """Texts to look for, each with what it is."""

    soorten: dict[str, str] = field(default_factory=dict)

    def add(self, soort: str, text: str | None) -> None:
        if text and len(text) >= SHORTEST:
            self.soorten.setdefault(text, soort)

    def add_register(self, levering: Path) -> None:
        """All people and bpvo's of a levering."""
        for line in levering.read_text().splitlines():
            one = json.loads(line)
            if one["soort"] == "bpvo":
                self.add("bpvoKenmerk", one["bpvoKenmerk"])
            for person in one.get("contactpersonen", []) + one.get("praktijkopleiders", []):
                self.add("naam", person["naam"])
                self.add("emailadres", person.get("emailadres"))
                self.add("telefoonnummer", person.get("telefoonnummer"))

    def add_messages(self, folder: Path) -> None:
        """The keys of bpvo's in the messages of a run."""
        for path in folder.glob("*/*.xml"):
            for kenmerk in re.findall(r"<(?:\w+:)?bpvoKenmerk>([^<]+)<", path.read_text()):
                self.add("bpvoKenmerk", kenmerk)

    def add_keys(self, folder: Path) -> None:
        """Every line of every private key, which no other file has."""
        for path in folder.rglob("*"):
            if not path.is_file() or path.suffix not in (".pem", ".key"):
                continue
            keys = re.findall(r"PRIVATE KEY-----\n(.*?)-----END", path.read_text(), re.DOTALL)
            for line in "\n".join(keys).splitlines():
                self.add("sleutel", line.strip())

    def find(self, text: str) -> Iterator[tuple[str, str]]:
        """What of it stands in a text, and the line; each once."""
        by_begin = defaultdict(list)
        for wanted in self.soorten:
            by_begin[wanted[:SHORTEST]].append(wanted)
        seen = set()
        for at in range(len(text) - SHORTEST + 1):
            for wanted in by_begin.get(text[at : at + SHORTEST], ()):
                if wanted not in seen and text.startswith(wanted, at):
                    seen.add(wanted)
                    yield self.soorten[wanted], line_at(text, at)
        for secret in SECRET.finditer(text):
            yield "geheim", line_at(text, secret.start())


def line_at(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]
