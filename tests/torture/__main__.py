"""Kill recorders and burn programs at random instants, and look each time whether anything is lost.

    PYTHONPATH=tests python -m torture --kills 1000 --seed 1

Prints how many kills were survived, by medium and by phase. Exit value 1: something was lost, and the message
tells with which seed and round it comes again, and where the disc is kept.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from torture.discs import MEDIA, Durations, Patient, phases_of
from torture.figures import Figures
from torture.images import TARGETS, Image
from torture.model import LostError
from torture.zygote import Zygote

SHARE_OF_IMAGES = 5
"""One kill of so many goes to a burn program that grows an image."""

Round = Callable[[Zygote, random.Random], None]


def rounds(folder: Path, figures: Figures, media: list[str]) -> Iterator[tuple[str, Round]]:
    """What is to be killed, in turns, without an end."""
    durations = Durations()
    patients = [Patient(medium, folder, figures, durations) for medium in MEDIA if medium in media]
    images = [Image(target, folder, figures) for target in TARGETS if target in media]
    pairs = [(patient, phase) for patient in patients for phase in phases_of(patient.medium)]
    discs = cycle(pairs) if pairs else None
    grown = cycle(images) if images else None
    while True:
        for _ in range(SHARE_OF_IMAGES - 1 if discs and grown else int(bool(discs))):
            assert discs is not None
            patient, phase = next(discs)
            yield f"{patient.medium}, {phase}", _disc_round(patient, phase)
        if grown is not None:
            image = next(grown)
            yield image.target, image.round


def _disc_round(patient: Patient, phase: str) -> Round:
    return lambda zygote, dice: patient.round(zygote, phase, dice)


def run(kills: int, seed: int, folder: Path, media: list[str], *, quiet: bool) -> Figures:
    """So many kills. Raises LostError with a text that tells how to see it again."""
    figures = Figures()
    began = time.monotonic()
    with Zygote() as zygote:
        for number, (name, kill) in enumerate(rounds(folder, figures, media)):
            if number == kills:
                break
            try:
                kill(zygote, random.Random(f"{seed}/{number}"))
            except Exception as error:
                if isinstance(error, LostError):
                    raise LostError(f"kill {number} of seed {seed} ({name}): {error}") from error
                raise RuntimeError(f"kill {number} of seed {seed} ({name})") from error
            if not quiet and sys.stderr.isatty():
                print(f"\r{number + 1} kills, {time.monotonic() - began:.0f} s", end="", file=sys.stderr)
    if not quiet and sys.stderr.isatty():
        print(file=sys.stderr)
    return figures


def main() -> int:
    """Read the command line and run."""
    known = [*MEDIA, *TARGETS]
    parser = argparse.ArgumentParser(prog="torture", description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--media", nargs="+", choices=known, default=known, metavar="MEDIUM")
    parser.add_argument("--folder", type=Path, help="where the discs lie; they are kept if something is lost")
    parser.add_argument("--json", action="store_true", help="the figures for programs")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="burnlab-torture-", dir=args.folder))
    began = time.monotonic()
    try:
        figures = run(args.kills, args.seed, folder, args.media, quiet=args.json)
    except LostError as error:
        print(f"LOST: {error}\nthe discs are kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    if args.json:
        print(json.dumps(figures.as_json(), indent=2))
    else:
        print(figures.table())
        print(f"{args.kills} kills survived, seed {args.seed}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
