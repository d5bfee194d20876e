"""The emulated drive: one row per opcode, busy states with progress, drive models as data.

Rule 1: a task, a disc and `now` come in; a reply goes out. It asks no clock and opens no file.
Rule 2: what a medium allows is the disc's business; here its refusals become sense data, in one place.
Rule 3: a difference between drives is a field of a model, not a branch on its name.
Rule 4: what goes wrong on purpose is data, too: a fault.
"""

from burnlab.recorder.faults import Fault, FaultError, FaultPlan
from burnlab.recorder.models import MODELS, Model
from burnlab.recorder.recorder import Recorder
from burnlab.recorder.unit import ClockedUnit, EmulatedClock, PromptUnit

__all__ = [
    "MODELS",
    "ClockedUnit",
    "EmulatedClock",
    "Fault",
    "FaultError",
    "FaultPlan",
    "Model",
    "PromptUnit",
    "Recorder",
]
