"""A digits network with planted filters: which they are, and verdicts about them."""

from __future__ import annotations

import csv
from pathlib import Path

import keras
import numpy as np

SILENT = {("conv1", 3), ("conv1", 11), ("conv3", 5)}
COPIES = {("conv2", 9): 4, ("conv4", 20): 1}
CAPTURED = 6
EXPORTS = ("marks.csv", "marks.json")
USELESS = {"conv1": [3, 11], "conv3": [5]}


def plant(model: keras.Model) -> None:
    """Filters that are silent, and copies that no later layer reads."""
    for name in ("conv1", "conv3"):
        for layer, channel in SILENT:
            if layer == name:
                kernel = np.array(model.get_layer(name).kernel)
                kernel[..., channel] = 0
                model.get_layer(name).kernel.assign(kernel)
    bias = np.array(model.get_layer("conv1").bias)
    bias[[3, 11]] = [0, -1]
    model.get_layer("conv1").bias.assign(bias)
    beta = np.array(model.get_layer("bn3").beta)
    mean = np.array(model.get_layer("bn3").moving_mean)
    beta[5], mean[5] = -1, 0
    model.get_layer("bn3").beta.assign(beta)
    model.get_layer("bn3").moving_mean.assign(mean)
    for (name, copy), original in COPIES.items():
        kernel, bias = model.get_layer(name).get_weights()
        kernel[..., copy], bias[copy] = kernel[..., original], bias[original]
        model.get_layer(name).set_weights([kernel, bias])
    kernel = np.array(model.get_layer("conv3").kernel)
    kernel[:, :, 9] = 0
    model.get_layer("conv3").kernel.assign(kernel)
    dense, bias = model.get_layer("digit_class").get_weights()
    dense.reshape(7, 7, 32, 10)[:, :, 20] = 0
    model.get_layer("digit_class").set_weights([dense, bias])


def verdicts(digits: Path) -> Path:
    """The flags as a person would mark them: silent filters, and one of each two copies."""
    path = digits / "marks.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "call", "channel", "verdict"))
        for layer, channel in sorted(SILENT | set(COPIES)):
            writer.writerow((layer, 0, channel, "useless"))
        writer.writerow(("conv1", 0, 0, "useful"))
    return path
