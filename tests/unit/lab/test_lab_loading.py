"""Plan files: what is read, and what is said about a bad one."""

from __future__ import annotations

import pytest

from burnlab.lab.loading import PlanError, load_plan, parse_plan, shipped_plans, step_dependencies
from burnlab.lab.plan import Case

PLAN = """
title = "A plan"
types = ["dvd-rw", "cd-rw"]
[[values]]
set = { gap = 1, unit = 16 }
[[values]]
when = { type = ["cd-rw"], size = ["full"] }
set = { gap = 2 }
[[payload]]
name = "lib"
files = 3
folders = 1
blocks = 100
[[step]]
name = "write-1"
cites = "Writing"
command = "{program} -add {payload.lib}"
[[step.expect]]
stderr = ["at LBA {lba}"]
[[step.expect]]
when = { type = ["cd-rw"] }
exit = "any"
holds = ["lba == 0"]
[[step]]
name = "check"
cites = "Checking"
command = "{program}"
when = { type = ["dvd-rw"] }
[[step.expect]]
stderr = ["{x:=write-1.lba + gap}"]
[[step]]
name = "look"
cites = "Checking"
action = { do = "status" }
needs = ["check"]
"""


def broken(old: str, new: str) -> str:
    assert old in PLAN
    with pytest.raises(PlanError) as error:
        parse_plan(PLAN.replace(old, new, 1), "my.toml")
    assert str(error.value).startswith("my.toml: ")
    return str(error.value).removeprefix("my.toml: ")


def test_what_differs_is_data():
    plan = parse_plan(PLAN, "my.toml")
    dvd, cd = Case("dvd-rw"), Case("cd-rw", "full")
    assert (plan.values_for(dvd)["gap"], plan.values_for(cd)["gap"], plan.values_for(cd)["unit"]) == (
        1,
        2,
        16,
    )
    assert [step.name for step in plan.steps_for(cd)] == ["write-1", "look"]
    assert (plan.expect_for(plan.steps[0], dvd).exit, plan.expect_for(plan.steps[0], cd).exit) == (0, "any")
    assert plan.expect_for(plan.steps[0], cd).holds == ("lba == 0",)


def test_a_step_rests_on_what_it_uses_and_needs():
    plan = parse_plan(PLAN, "my.toml")
    assert step_dependencies(plan, plan.steps[1], Case("dvd-rw")) == {"write-1"}
    assert step_dependencies(plan, plan.steps[2], Case("dvd-rw")) == {"check"}


def test_a_group_stands_for_its_types():
    text = PLAN.replace("[[values]]", '[groups]\nrewritable = ["cd-rw", "dvd-rw"]\n[[values]]', 1)
    plan = parse_plan(
        text.replace('when = { type = ["dvd-rw"] }', 'when = { type = ["rewritable"] }'), "my.toml"
    )
    assert plan.steps[1].when.type == ("cd-rw", "dvd-rw")
    assert [step.name for step in plan.steps_for(Case("cd-rw"))] == ["write-1", "check", "look"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'when = { type = ["dvd-rw"] }',
            'when = { type = ["dvdrw"] }',
            "`when` names 'dvdrw', neither a type nor a group; did you mean 'dvd-rw'?",
        ),
        (
            "[[values]]",
            '[groups]\ncd = ["cd-r"]\n[[values]]',
            "group 'cd' has a type that the plan isn't for: did you mean",
        ),
        ("[[values]]", "groups = 3\n[[values]]", "groups: "),
        (
            'action = { do = "status" }',
            'action = { do = "status", medium = "cd-r" }',
            "step 'look': only the action `insert` takes a `medium`",
        ),
        (
            'cites = "Writing"',
            'cites = "Writing"\ntimeot = 3',
            "step 'write-1' of the plan has an unknown key 'timeot'; did you mean 'timeout'? All",
        ),
        ("title =", "titel =", "the plan has an unknown key 'titel'; did you mean 'title'?"),
        ('exit = "any"', 'exit = "maybe"', "step 'write-1', expect number 2, exit: "),
        ('cites = "Writing"', "cites = 3", "step 'write-1', cites: Expected `str`, got `int`"),
        ("files = 3", 'files = "3"', "payload 'lib', files: Expected `int`, got `str`"),
        ("blocks = 100", "", "payload 'lib': Object missing required field `blocks`"),
        ('{ do = "status" }', '{ do = "dance" }', "step 'look', action, do: Invalid enum value 'dance'"),
        ('{ do = "status" }', '{ do = "damage" }', "step 'look': the action `damage` needs an `lba`"),
        ('{ do = "status" }', '{ do = "eject", lba = "1" }', "step 'look': the action `damage` needs"),
        ('action = { do = "status" }', "", "step 'look': a step has either"),
        ('needs = ["check"]', 'needs = ["chek"]', "step 'look': needs 'chek', which isn't"),
        ('name = "look"', 'name = "check"', "step 'check': the name is taken"),
        ('name = "look"', 'name = "Look up"', "step 'Look up': a name is made of small letters"),
        ("at LBA {lba}", "at LBA {lba", "step 'write-1': stderr: "),
        ("lba == 0", "lba = 0", "step 'write-1': 'lba = 0' is not an expression"),
        ("write-1.lba + gap", "write-2.lba + gap", "step 'check' uses 'write-2.lba', which nothing"),
        ("{payload.lib}", "{payload.bin}", "step 'write-1' uses 'payload.bin'"),
        ("[[values]]", "[[values]", "not TOML: "),
        ('types = ["dvd-rw", "cd-rw"]', "types = []", "a plan needs at least one type"),
        ('cites = "Writing"', 'cites = "Writing"\ntimeout = 0', "step 'write-1': `timeout`"),
    ],
)
def test_errors_name_the_key_and_what_is_allowed(old, new, says):
    assert says in broken(old, new)


def test_two_payloads_of_a_case_do_not_share_a_folder():
    extra = (
        '[[payload]]\nname = "lib"\nfiles = 4\nfolders = 1\nblocks = 9\nwhen = { type = ["cd-rw"] }\n[[step]]'
    )
    assert "the folder 'lib' is taken" in broken("[[step]]", extra)


def test_plans_are_found_by_name_and_by_file(tmp_path):
    assert "walkthrough" in shipped_plans()
    path = tmp_path / "mine.toml"
    path.write_text(PLAN)
    assert load_plan(str(path)).name == "mine"
    assert load_plan("walkthrough").plan.types[0] == "dvd-rw"


@pytest.mark.parametrize("name", ["walktrough", "no/such.toml", "nothing.toml"])
def test_a_plan_that_is_not_there(name):
    with pytest.raises(PlanError, match=r"walkthrough|can't be read"):
        load_plan(name)


def test_every_shipped_plan_is_sound():
    for name in shipped_plans():
        assert load_plan(name).plan.steps
