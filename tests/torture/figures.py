"""What was killed, how often, and what was found: counted and printed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figures:
    """Kills by medium and phase, and what the next recorder found after each."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    """Commands that were under way when the recorder was killed."""
    sessions: int = 0
    """Closed sessions that were verified, each time anew."""
    blocks: int = 0
    """Blocks that were compared."""

    def note(self, medium: str, phase: str, found: str) -> None:
        """One kill that was survived."""
        self.kills[medium, phase] += 1
        self.found[phase, found] += 1

    def as_json(self) -> dict[str, Any]:
        """All of it; keys are stable."""
        return {
            "kills": sum(self.kills.values()),
            "by_medium": _by(self.kills, 0),
            "by_phase": _by(self.kills, 1),
            "by_medium_and_phase": {f"{m}/{p}": n for (m, p), n in sorted(self.kills.items())},
            "found": {f"{p}: {f}": n for (p, f), n in sorted(self.found.items())},
            "mended": dict(sorted(self.mended.items())),
            "under_way": dict(sorted(self.struck.items())),
            "sessions_verified": self.sessions,
            "blocks_compared": self.blocks,
        }

    def table(self) -> str:
        """A row for each medium, a column for each phase."""
        media = list(_by(self.kills, 0))
        phases = list(_by(self.kills, 1))
        rows = [["kills survived", *phases, "in all"]]
        for medium in [*media, "in all"]:
            of = [medium] if medium != "in all" else media
            counts = [sum(self.kills[m, p] for m in of) for p in phases]
            rows.append([medium, *(str(n or "-") for n in counts), str(sum(counts))])
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
        lines = [_line(row, widths) for row in rows]
        found = ", ".join(f"{what} {n}" for what, n in sorted(_by(self.found, 1).items()))
        lines += ["", f"found: {found}"]
        for title, counts in (("mended", self.mended), ("under way when killed", self.struck)):
            lines.append(f"{title}: " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
        lines.append(f"verified: {self.sessions} closed sessions, {self.blocks} blocks compared")
        return "\n".join(lines)


def _line(row: list[str], widths: list[int]) -> str:
    name, *numbers = row
    cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *cells])


def _by(counts: Counter[tuple[str, str]], place: int) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for key, number in counts.items():
        sums[key[place]] += number
    return dict(sums)
