"""The day it is for Stagepoort."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def today() -> date:
    """Europe/Amsterdam, as everywhere in the contract (domain rule 4): before midnight here it may be tomorrow there."""
    return datetime.now(ZoneInfo("Europe/Amsterdam")).date()


def day(away: int) -> str:
    """The day so many days from now, as the contract writes it."""
    return str(today() + timedelta(days=away))
