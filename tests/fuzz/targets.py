"""All targets by their names."""

from __future__ import annotations

from fuzz import cdbs, discs, files, pdus, words
from fuzz.engine import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (*pdus.TARGETS, cdbs.TARGET, discs.TARGET, *words.TARGETS, *files.TARGETS)
}
