"""The words that fields may have."""

from __future__ import annotations

from typing import Literal

Method = Literal["activation", "guided", "gradient", "kernel"]
Form = Literal["values", "magnitude"]
ActivationStage = Literal["before", "after", "none"]
MapStage = Literal["", "before", "after", "none"]
ColorOrder = Literal["rgb", "bgr"]
Target = Literal["", "max", "sum"]
Verdict = Literal["useful", "useless", "unsure"]
OperationKind = Literal["mark", "undo", "import"]
FlagKind = Literal["silent", "nearSilent", "saturated", "duplicate", "notFinite"]
