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


def of_gradients(left_out: Sequence[tuple[str, str]], label: str) -> Iterator[Skipped]:
    """What the time did not suffice for, as one entry per method."""
    for method in dict.fromkeys(method for method, _ in left_out):
        keys = [key for one, key in left_out if one == method]
        what = "guided gradients" if method == "guided" else "gradients"
        yield Skipped(
            f"{what} of {', '.join(keys)} for {label}",
            "they did not fit into the time budget of the callback (budget=None takes all)",
        )
