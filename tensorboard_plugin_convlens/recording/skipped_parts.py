"""What was requested but not captured, as sentences for log and manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorboard_plugin_convlens.core.records import Prediction, Skipped


def of_class_names(
    class_names: Sequence[str], predictions: Sequence[tuple[Prediction, ...]]
) -> Iterator[Skipped]:
    """A sentence if no output of the model has as many classes as there are names."""
    names = len(class_names)
    sizes = {len(one.probabilities) for each in predictions for one in each}
    if names and not sizes:
        yield Skipped(
            "predictions",
            "no output of the model comes out of a softmax or a sigmoid, so it has no "
            "class probabilities",
        )
    elif names and names not in sizes:
        yield Skipped(
            "class names",
            f"there are {names} names, but the model's outputs have "
            f"{', '.join(map(str, sorted(sizes)))} classes",
        )


class MissingSteps:
    """Steps that were due and are missing, until the next capture lists them."""

    def __init__(self) -> None:
        """None so far."""
        self._steps: dict[str, list[int]] = {}
        self._seconds = 0.0
        self._is_told = False

    def add_passed_over(self, step: int, seconds: float) -> Skipped | None:
        """Notes a step that did not fit into the budget.

        Args:
          step: Larger than those before.
          seconds: Time that its feature maps, statistics and kernels would have taken.

        Returns:
          A sentence for the log, for the first such step only.
        """
        self._steps.setdefault("passed over", []).append(step)
        self._seconds = seconds
        if self._is_told:
            return None
        self._is_told = True
        return self._describe("passed over")

    def add_failed(self, step: int) -> None:
        """Notes a step that could not be captured; the log has the fault itself."""
        if not self.has_failed(step):
            self._steps.setdefault("failed", []).append(step)

    def has_failed(self, step: int) -> bool:
        """Whether a step is among those that could not be captured."""
        return step in self._steps.get("failed", [])

    def remove_failed(self, step: int) -> None:
        """Forgets a failed step, which is captured again."""
        steps = [one for one in self._steps.pop("failed", []) if one != step]
        if steps:
            self._steps["failed"] = steps

    def describe(self) -> tuple[Skipped, ...]:
        """The skipped parts for the next capture to list."""
        return tuple(self._describe(why) for why in self._steps)

    def clear(self) -> None:
        """Forgets the steps, once a capture lists them."""
        self._steps = {}

    def _describe(self, why: str) -> Skipped:
        first, *others = self._steps[why]
        count = len(others) + 1
        what = f"{count} steps from {first} to {others[-1]}" if others else f"step {first}"
        if why == "failed":
            return Skipped(what, "could not be captured or written; the log says why")
        return Skipped(
            what,
            f"feature maps, statistics and kernels take about {self._seconds:.1f} s a step, "
            "which did not fit into the time budget of the callback (budget=None captures all)",
        )


def of_gradients(left_out: Sequence[tuple[str, str]], label: str) -> Iterator[Skipped]:
    """Gradients that did not fit into the time, one entry per method."""
    for method in dict.fromkeys(method for method, _ in left_out):
        keys = [key for one, key in left_out if one == method]
        what = "guided gradients" if method == "guided" else "gradients"
        yield Skipped(
            f"{what} of {', '.join(keys)} for {label}",
            "they did not fit into the time budget of the callback (budget=None captures all)",
        )
