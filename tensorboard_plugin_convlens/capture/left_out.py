"""What was asked for and is not in a capture, as sentences for the log and the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorboard_plugin_convlens.core.records import Prediction, Skipped


def of_class_names(
    class_names: Sequence[str], predictions: Sequence[tuple[Prediction, ...]]
) -> Iterator[Skipped]:
    """What is to be said where classes were named and there are no such predictions."""
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
            f"there are {names} of them, and the model's outputs have "
            f"{', '.join(map(str, sorted(sizes)))} classes",
        )


class PassedOver:
    """Steps that were due and did not fit into the budget, until the next capture says so."""

    def __init__(self) -> None:
        """None so far."""
        self._steps: list[int] = []
        self._seconds = 0.0
        self._is_told = False

    def add(self, step: int, seconds: float) -> Skipped | None:
        """Notes a step; returns what is to be said in the log: about the first one only.

        Args:
          step: Larger than those before.
          seconds: What feature maps, statistics and kernels of it would have taken.
        """
        self._steps.append(step)
        self._seconds = seconds
        if self._is_told:
            return None
        self._is_told = True
        return self._describe()

    def take(self) -> tuple[Skipped, ...]:
        """What the next capture says, if there is anything; forgets the steps."""
        found = (self._describe(),) if self._steps else ()
        self._steps = []
        return found

    def _describe(self) -> Skipped:
        first, *others = self._steps
        count = len(self._steps)
        return Skipped(
            f"{count} steps from {first} to {others[-1]}" if others else f"step {first}",
            f"feature maps, statistics and kernels take about {self._seconds:.1f} s a step, "
            "which did not fit into the time budget of the callback (budget=None takes all)",
        )


def of_gradients(left_out: Sequence[tuple[str, str]], label: str) -> Iterator[Skipped]:
    """What the time did not suffice for, as one entry per method."""
    for method in dict.fromkeys(method for method, _ in left_out):
        keys = [key for one, key in left_out if one == method]
        what = "guided gradients" if method == "guided" else "gradients"
        yield Skipped(
            f"{what} of {', '.join(keys)} for {label}",
            "they did not fit into the time budget of the callback (budget=None takes all)",
        )
