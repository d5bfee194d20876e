"""What somebody who watches a run gets to know, while it goes on."""

from __future__ import annotations

from .plan import Case, Plan, Step
from .result import CaseResult, RunResult, StepResult


class Monitor:
    """A set of empty hooks: take those that you need."""

    def run_begins(self, plan: Plan, cases: tuple[Case, ...]) -> None:
        """A plan is about to be carried out for these cases."""

    def note(self, text: str) -> None:
        """Something that takes a while has begun or ended (payloads, guest)."""

    def case_begins(self, case: Case, steps: tuple[Step, ...]) -> None:
        """A pass with one type of medium begins."""

    def step_begins(self, step: Step) -> None:
        """A step begins."""

    def step_ends(self, result: StepResult) -> None:
        """A step has ended, or isn't run."""

    def case_ends(self, result: CaseResult) -> None:
        """All steps of a case are through."""

    def run_ends(self, result: RunResult) -> None:
        """Everything is through."""
