"""`python -m fuzz`: try inputs of every kind for a time, tell how many there were, and keep what was found.

Each target runs in a process of its own, so that one which hangs, or eats all memory, is found, too. The
exit value is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from fuzz.engine import Found, Tally, Target, TooMuchWork, check_case, fuzz, load_case, plain
from fuzz.targets import TARGETS

MEMORY_BYTES = 4 << 30
STALL_SECONDS = 180
"""A backstop only: work is counted, so what takes so long hangs outside of what is counted."""
ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    if options.replay:
        return _replay(options.replay)
    names = options.only or list(TARGETS)
    if options.child:
        return _run_child(TARGETS[names[0]], options)
    return _run_all(names, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--time", type=float, default=0.0, help="seconds to spend on all targets")
    parser.add_argument("--inputs", type=int, default=0, help="inputs for each target, instead of a time")
    parser.add_argument("--seed", type=int, default=None, help="where inputs come from; told by each run")
    parser.add_argument("--only", nargs="+", choices=list(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--keep", type=Path, default=Path("reports/fuzz"), help="folder for what is found")
    parser.add_argument("--replay", nargs="+", type=Path, metavar="FILE", help="try found cases again")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (options.time or options.inputs or options.replay):
        parser.error("say how long or how much: --time SECONDS or --inputs NUMBER")
    if options.seed is None:
        options.seed = time.time_ns() // 1_000_000_000
    return options


def _run_all(names: list[str], options: argparse.Namespace) -> int:
    print(f"seed {options.seed}: the same inputs again by --seed {options.seed}", flush=True)
    weights = sum(TARGETS[name].weight for name in names)
    total = Tally()
    for name in names:
        target = TARGETS[name]
        tally = _run_apart(target, options, options.time * target.weight / weights)
        total.inputs += tally.inputs
        total.seconds += tally.seconds
        total.found += tally.found
        steps = f", {tally.steps:,} steps" if tally.steps else ""
        found = f"{len(tally.found)} found" if tally.found else "nothing found"
        print(f"{name:10} {tally.inputs:9,} inputs{steps} in {tally.seconds:4.0f} s, {found}: {target.title}")
        for each in tally.found:
            _tell(each, options.keep)
        sys.stdout.flush()
    print(f"{total.inputs:,} inputs in {total.seconds:.0f} s, {len(total.found)} found")
    return 1 if total.found else 0


def _tell(found: Found, keep: Path) -> None:
    path = found.save(keep)
    print("".join(f"    {line}\n" for line in found.error.splitlines()), end="")
    print(f"    kept in {path}; again by --replay {path}")
    print("    once mended, it becomes a test by moving it to tests/fuzz/found")


def _run_apart(target: Target, options: argparse.Namespace, seconds: float) -> Tally:
    command = [sys.executable, "-m", "fuzz", "--child", "--only", target.name, "--seed", str(options.seed)]
    command += ["--time", str(seconds)] if not options.inputs else ["--inputs", str(options.inputs)]
    paths = os.pathsep.join(filter(None, [str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    run = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONPATH": paths})
    lines = run.stdout.decode(errors="replace").splitlines()
    try:
        document = json.loads(lines[-1])
    except (IndexError, ValueError):
        error = run.stderr.decode(errors="replace")[-4000:]
        text = f"the process ended with {run.returncode}; --only {target.name} runs it again\n{error}"
        return Tally(found=[Found(target.name, options.seed, None, text)])
    found = [Found(**each) for each in document.pop("found")]
    return Tally(**document, found=found)


def _run_child(target: Target, options: argparse.Namespace) -> int:
    """One target: its tally as the last line of standard output."""
    _limit(target)
    faulthandler.dump_traceback_later(options.time + STALL_SECONDS if options.time else 900, exit=True)
    tally = fuzz(target, options.seed, seconds=options.time, inputs=options.inputs)
    document = tally.__dict__ | {"found": [_as_json(found) for found in tally.found]}
    print(f"\n{json.dumps(document)}", flush=True)
    return 0


def _as_json(found: Found) -> dict[str, object]:
    return found.__dict__ | {"case": plain(found.case)}


def _limit(target: Target) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if target.file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (target.file_bytes, target.file_bytes))


def _replay(paths: list[Path]) -> int:
    """Try kept cases again; a file that fails is named with what is wrong."""
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    failed = 0
    for file in files:
        name, case = load_case(file)
        try:
            check_case(TARGETS[name], case)
        except (Exception, TooMuchWork) as error:
            failed += 1
            print(f"{file}: {type(error).__name__}: {error}")
            if len(files) == 1:
                raise
    print(f"{len(files)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
