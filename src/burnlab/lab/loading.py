"""Reading plans, from a file or by name, with errors that say which key is wrong and what is allowed."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from .expression import ExpressionError, names_in
from .patterns import PatternError, compile_pattern, names_in_template
from .payload import PayloadFacts
from .plan import Action, Case, Expect, Payload, Plan, Reading, Size, Step, Values, When
from .plan_faults import PlanFaultError, faults_for

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TABLES: dict[str, type[msgspec.Struct]] = {
    "step": Step,
    "payload": Payload,
    "values": Values,
    "expect": Expect,
    "when": When,
    "action": Action,
    "memory": Reading,
}
GIVEN = frozenset({"program", "other", "drive", "scratch", "type", "size", "model"})
SIZES: tuple[Size, ...] = ("quick", "full")
PAYLOAD_FACTS = tuple(field.name for field in fields(PayloadFacts))


class PlanError(Exception):
    """A plan that can't be found or read. The text names the file and the key, and what is allowed."""


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """A plan, its name and the text that it was read from (which goes into a run's id)."""

    name: str
    text: str
    plan: Plan


def shipped_plans() -> list[str]:
    """The names of the plans that come with burnlab."""
    folder = resources.files(__package__).joinpath("plans")
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load_plan(name_or_file: str) -> LoadedPlan:
    """Load a plan by its name, or from a file (anything with a slash or `.toml` at its end)."""
    if "/" in name_or_file or name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PlanError(f"the plan file {path} can't be read: {error}") from error
        return LoadedPlan(path.stem, text, parse_plan(text, str(path)))
    known = shipped_plans()
    if name_or_file not in known:
        raise PlanError(f"there is no plan {name_or_file!r}; {_offer(name_or_file, known)}")
    text = resources.files(__package__).joinpath("plans", f"{name_or_file}.toml").read_text(encoding="utf-8")
    return LoadedPlan(name_or_file, text, parse_plan(text, name_or_file))


def parse_plan(text: str, source: str) -> Plan:
    """Turn TOML into a plan and look at every reference in it. Raises PlanError."""
    try:
        data = tomllib.loads(text)
        for problem in _unknown_keys(data, Plan, "the plan"):
            raise PlanError(f"{source}: {problem}")
        for problem in _ungroup(data):
            raise PlanError(f"{source}: {problem}")
        plan = msgspec.convert(data, Plan)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{source}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise PlanError(f"{source}: {_say_where(str(error), data)}") from error
    for problem in _problems(plan):
        raise PlanError(f"{source}: {problem}")
    return plan


def step_dependencies(plan: Plan, step: Step, case: Case) -> set[str]:
    """The steps that must have held before this one: those it names and those whose captures it uses."""
    names = {other.name for other in plan.steps}
    used = {name.rpartition(".")[0] for name in _wanted(plan, step, case)}
    return (used & names) | set(step.needs)


def _unknown_keys(data: Mapping[str, Any], struct: type[msgspec.Struct], where: str) -> Iterator[str]:
    allowed = [field.encode_name for field in msgspec.structs.fields(struct)]
    for key, value in data.items():
        if key not in allowed:
            yield f"{where} has an unknown key {key!r}; {_offer(key, allowed)}"
        if key not in TABLES:
            continue
        items: Sequence[Any] = value if isinstance(value, list) else [value]
        for number, item in enumerate(items, 1):
            if isinstance(item, dict):
                label = f"{key} {item.get('name', number)!r}" if len(items) > 1 or "name" in item else key
                yield from _unknown_keys(item, TABLES[key], f"{label} of {where}")


def _ungroup(data: dict[str, Any]) -> Iterator[str]:
    """Put the types of a group in the place of its name, wherever a `when` names one."""
    groups, types = data.get("groups", {}), data.get("types", [])
    if not isinstance(groups, dict) or not isinstance(types, list) or not types:
        return  # the conversion says what is wrong with them
    for name, members in groups.items():
        for member in members if isinstance(members, list) else []:
            if member not in types:
                yield f"group {name!r} has a type that the plan isn't for: {_offer(str(member), types)}"
    for when in _whens(data):
        named = when.get("type")
        if not isinstance(named, list):
            continue
        for name in named:
            if name not in [*groups, *types]:
                known = [*types, *groups]
                yield f"`when` names {name!r}, neither a type nor a group; {_offer(str(name), known)}"
                return
        when["type"] = [type_ for name in named for type_ in groups.get(name, [name])]


def _whens(data: object) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        if isinstance(data.get("when"), dict):
            yield data["when"]
        for value in data.values():
            yield from _whens(value)
    elif isinstance(data, list):
        for value in data:
            yield from _whens(value)


def _offer(word: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, allowed, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(allowed)}"


def _say_where(message: str, data: Mapping[str, Any]) -> str:
    text, _, path = message.partition(" - at `$.")
    place: list[str] = []
    here: Any = data
    for key, number in re.findall(r"([a-z_]+)(?:\[(\d+)\])?", path.rstrip("`").replace("[...]", "")):
        here = here.get(key) if isinstance(here, dict) else None
        if number and isinstance(here, list):
            here = here[int(number)]
            name = here.get("name") if isinstance(here, dict) else None
            place.append(f"{key} {name!r}" if name else f"{key} number {int(number) + 1}")
        else:
            place.append(key)
    return f"{', '.join(place)}: {text}" if place else text


def _problems(plan: Plan) -> Iterator[str]:
    if not plan.types or not plan.steps:
        yield "a plan needs at least one type and one step"
    seen: set[str] = set()
    for step in plan.steps:
        where = f"step {step.name!r}"
        if not SLUG.fullmatch(step.name):
            yield f"{where}: a name is made of small letters, digits and single hyphens"
        if step.name in seen:
            yield f"{where}: the name is taken by an earlier step"
        for need in step.needs:
            if need not in seen:
                yield f"{where}: needs {need!r}, which isn't the name of an earlier step"
        seen.add(step.name)
        yield from (f"{where}: {problem}" for problem in _step_problems(step))
    places: dict[str, Payload] = {}
    for payload in plan.payloads:
        other = places.setdefault(f"{payload.place} {payload.when.size}", payload)
        if other is not payload:
            yield f"payload {payload.name!r}: the folder {payload.place!r} is taken; name another"
    for type_ in plan.types:
        for size in SIZES:
            yield from _unknown_names(plan, Case(type_, size, model=plan.model))
    yield from _fault_problems(plan)


def _fault_problems(plan: Plan) -> Iterator[str]:
    """What is wrong with faults, whichever case they are for."""
    places = [("the plan", plan.faults), *((f"step {step.name!r}", step.faults) for step in plan.steps)]
    for where, tables in places:
        for case in (Case(type_, model=plan.model) for type_ in plan.types):
            try:
                if tables:
                    faults_for(tables, case, where)
            except PlanFaultError as error:
                yield str(error)
                break


def _step_problems(step: Step) -> Iterator[str]:
    if bool(step.command) == (step.action is not None):
        yield "a step has either a `command` or an `action`"
    if step.action is not None and bool(step.action.lba) != (step.action.do == "damage"):
        yield "the action `damage` needs an `lba`, and no other action takes one"
    if step.action is not None and step.action.medium and step.action.do != "insert":
        yield "only the action `insert` takes a `medium`"
    if step.memory is not None:
        yield from _reading_problems(step)
    if step.timeout <= 0:
        yield "`timeout` is a number of seconds above 0"
    try:
        names_in_template(step.command)
        if step.action is not None and step.action.lba:
            names_in(step.action.lba)
        for expect in step.expect:
            for relation in expect.holds:
                names_in(relation)
    except ExpressionError as error:
        yield str(error)
    for expect in step.expect:
        for key in ("stdout", "stderr", "either", "never"):
            yield from _pattern_problems(key, getattr(expect, key))


def _reading_problems(step: Step) -> Iterator[str]:
    reading = step.memory
    assert reading is not None
    if not step.command:
        yield "`memory` stands in for a `command`; an action needs none"
    if bool(reading.paths) == (reading.show == "identifiers"):
        yield "`memory` needs `paths` for digests and names, and takes none for identifiers"
    unknown = set(names_in_template(" ".join((*reading.paths, *reading.at)))) - names_in_template(
        step.command
    )
    if unknown:
        yield f"`memory` uses {min(unknown)!r}, which the command doesn't use"


def _pattern_problems(key: str, sources: Sequence[str]) -> Iterator[str]:
    for source in sources:
        try:
            compile_pattern(source)
        except PatternError as error:
            yield f"{key}: {error}"


def _unknown_names(plan: Plan, case: Case) -> Iterator[str]:
    known = set(GIVEN) | plan.values_for(case).keys()
    for name in plan.payloads_for(case):
        known |= {f"payload.{name}"} | {f"payload.{name}.{fact}" for fact in PAYLOAD_FACTS}
    for step in plan.steps_for(case):
        unknown = sorted(_wanted(plan, step, case) - known)
        if unknown:
            yield (
                f"step {step.name!r} uses {unknown[0]!r}, which nothing before it sets"
                f" (for type {case.type}, size {case.size})"
            )
        known |= {f"{step.name}.{name}" for name in _captured(plan.expect_for(step, case))}


def _captured(expect: Expect) -> set[str]:
    return {
        capture.name
        for source in (*expect.stdout, *expect.stderr, *expect.either)
        for capture in compile_pattern(source).captures
    }


def _wanted(plan: Plan, step: Step, case: Case) -> set[str]:
    """The names a step uses, without those that it captures itself."""
    expect = plan.expect_for(step, case)
    wanted = names_in_template(step.command)
    if step.action is not None and step.action.lba:
        wanted |= names_in(step.action.lba)
    for source in (*expect.stdout, *expect.stderr, *expect.either, *expect.never):
        wanted |= compile_pattern(source).needs()
    for relation in expect.holds:
        wanted |= names_in(relation)
    return wanted - _captured(expect)
