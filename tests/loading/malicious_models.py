"""Model files that claim more than they hold, each of a few kilobytes."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers


def small_model(**options: Any) -> keras.Model:
    """An honest model, to be changed."""
    convolution = layers.Conv2D(**({"filters": 2, "kernel_size": 3, "name": "c"} | options))
    return keras.Sequential([keras.Input((8, 8, 3)), convolution])


def rewrite(path: Path, change: Callable[[dict[str, Any]], object], **extra: bytes) -> None:
    """Saves the small model with its configuration changed, and with more entries."""
    small_model().save(path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"])
    change(config)
    entries["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (entries | extra).items():
            archive.writestr(name, content)


def convolution_of(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of the convolution."""
    found: dict[str, Any] = config["config"]["layers"][1]["config"]
    return found


def many_filters(path: Path) -> None:
    """400 million filters: 43 GB."""
    rewrite(path, lambda config: convolution_of(config).update(filters=400_000_000))


def some_filters(path: Path) -> None:
    """A million filters more than the file has: 108 MB, which would fit."""
    rewrite(path, lambda config: convolution_of(config).update(filters=1_000_000))


def many_filters_in_hdf5(path: Path) -> None:
    """The same as Keras 2 saved it."""
    small_model().save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        convolution_of(config).update(filters=400_000_000)
        file.attrs["model_config"] = json.dumps(config)


def zip_bomb(path: Path) -> None:
    """An entry of 2 GB of zeros."""
    small_model().save(path)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("assets/zeros", "w", force_zip64=True) as entry,
    ):
        for _ in range(200):
            entry.write(bytes(10 << 20))


def many_entries(path: Path) -> None:
    """20,000 empty entries."""
    rewrite(path, lambda config: None, **{f"assets/{index}": b"" for index in range(20_000)})


def shape_bomb(path: Path) -> None:
    """A weight of 3 GB of which nothing is stored, below the 4 GB where Keras looks."""
    small_model().save(path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/c"]
        names = [one for one in _sets(group) if one.endswith("kernel")]
        del group[names[0]]
        group.create_dataset(names[0], (750_000_000,), np.float32, chunks=(1 << 20,))


def nested_lists(path: Path) -> None:
    """A configuration of a hundred thousand brackets."""
    small_model().save(path)
    deep = b"[" * 100_000 + b"]" * 100_000
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")  # Two entries of one name: the last one counts.
        archive.writestr("config.json", deep)


def nested_layers(path: Path) -> None:
    """Layers in layers, 300 deep."""

    def nest(config: dict[str, Any]) -> None:
        inner = config["config"]["layers"][1]
        for index in range(300):
            inner = {
                "module": "keras.layers",
                "class_name": "TimeDistributed",
                "config": {"name": f"t{index}", "layer": inner},
                "registered_name": None,
            }
        config["config"]["layers"][1] = inner

    rewrite(path, nest)


def long_name(path: Path) -> None:
    """A layer with a name of 5 MB."""
    rewrite(path, lambda config: convolution_of(config).update(name="n" * 5_000_000))


def many_layers(path: Path) -> None:
    """20,000 layers without a weight."""

    def repeat(config: dict[str, Any]) -> None:
        one = layers.ReLU().get_config()
        config["config"]["layers"] += [
            {
                "module": "keras.layers",
                "class_name": "ReLU",
                "config": one | {"name": f"r{index}"},
                "registered_name": None,
            }
            for index in range(20_000)
        ]

    rewrite(path, repeat)


def _sets(group: h5py.Group) -> list[str]:
    names: list[str] = []
    group.visititems(
        lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
    )
    return names


MALICIOUS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "many filters": (".keras", many_filters, "asks for 10,800,000,000 weights or more"),
    "some filters": (".keras", some_filters, "asks for 27,000,000 weights or more"),
    "many filters of Keras 2": (".h5", many_filters_in_hdf5, "weights or more"),
    "a zip bomb": (".keras", zip_bomb, "claims to hold 2,"),
    "many entries": (".keras", many_entries, "has 20,00"),
    "a shape bomb": (".h5", shape_bomb, "claims to hold 3,000 MB"),
    "nested lists": (".keras", nested_lists, "nested too deeply"),
    "nested layers": (".keras", nested_layers, "nested too deeply"),
    "a long name": (".keras", long_name, "a name in its configuration has 5,000,000"),
    "many layers": (".keras", many_layers, "seconds of computing"),
}
