"""Leveringen: the one that a demo was filled with, and small ones to import beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

KINDS = ("leerbedrijf", "opleiding", "equivalent", "school", "bpvo", "verwijderd")


def mutaties(levering_id: str, objects: list[dict]) -> str:
    """A levering of these objects, with what must stand before and behind them."""
    begin = {
        "soort": "voorloop",
        "formaatVersie": "1",
        "leveringId": levering_id,
        "leveringSoort": "MUTATIES",
        "aanmaakTijdstip": "2026-01-01T00:00:00Z",
        "bron": "test",
    }
    text = "".join(json.dumps(line) + "\n" for line in (begin, *objects))
    end = {
        "soort": "sluit",
        "aantallen": {kind: sum(one["soort"] == kind for one in objects) for kind in KINDS},
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return text + json.dumps(end) + "\n"


@dataclass
class Levering:
    """What the register of a demo holds, as it was delivered."""

    leerbedrijven: dict[str, dict]
    opleidingen: dict[str, dict]
    equivalenten: list[dict]
    bpvos: list[dict]

    @classmethod
    def read(cls, path: Path) -> Levering:
        lines = [json.loads(line) for line in path.read_text().splitlines()]

        def of(soort: str) -> list[dict]:
            return [line for line in lines if line["soort"] == soort]

        return cls(
            leerbedrijven={one["leerbedrijfId"]: one for one in of("leerbedrijf")},
            opleidingen={one["code"]: one for one in of("opleiding")},
            equivalenten=of("equivalent"),
            bpvos=of("bpvo"),
        )
