"""Log directories that were made to do harm: hypothesis strategies of damage to their files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.judgments.ablation import Ablation, Choice, LayerAblation
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tests import captures

SECRET = b"nobody but its owner may read this"
SEALED: dict[str, Callable[[], Message]] = {
    "step-": pb.Manifest,
    "graph-": pb.ModelGraph,
    "inputs-": pb.InputImages,
    "ablation-": pb.Ablation,
}
KINDS = (*SEALED, "pack-", "status-")
"""How the names of each kind of file begin."""

_INTEGERS: dict[int, tuple[int, int]] = {
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_ENUM: (0, 99),
}
_FLOATS = (float("nan"), float("inf"), -float("inf"), 1e308, 3e38, -1.0, 0.0, 1e-45)
_NAMES = ("", "../../../etc/passwd", "\x1b[31m", "a" * 70_000, "\u202eevil", "nul\0l", "conv1")


def write_log(log_dir: Path) -> Path:
    """Two runs, `train` and `innocent`; returns the plugin directory of `train`."""
    for run in ("innocent", "train"):
        writer = captures.write_run(log_dir, run, steps=(0, 1))
        writer.write_status(["A sentence."])
        layers = (LayerAblation("conv1", ((1.5,),) * captures.FILTERS),)
        chosen = Choice("marked", "zero", {"conv1": (0, 2)}, ((1.25,),))
        graph = captures.graph().fingerprint
        writer.write_ablation(
            Ablation(1.0, graph, 0, "model", 8, 0, ("loss",), (1.0,), (chosen,), layers)
        )
    return log_dir / "train" / names.DIRECTORY


def of_kind(directory: Path, kind: str) -> Path:
    """The last file of a kind."""
    return sorted(directory.glob(f"{kind}*"))[-1]


@st.composite
def sealed_files(draw: st.DrawFn, directory: Path, kind: str) -> bytes:
    """A sealed file as it is stored, with some of its fields set to what no writer writes."""
    message = SEALED[kind]()
    message.ParseFromString(of_kind(directory, kind).read_bytes()[:-32])
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(message))
        parent, field = places[draw(st.integers(0, len(places) - 1))]
        _set(draw, parent, field)
    content = message.SerializeToString()
    if draw(st.integers(0, 3)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    if draw(st.integers(0, 3)) == 0:
        content += draw(st.binary(max_size=30))
    return content + hashlib.sha256(content).digest()


def sealed_bytes() -> st.SearchStrategy[bytes]:
    """Any bytes, with and without their checksum."""
    some = st.binary(max_size=200)
    return some.map(lambda content: content + hashlib.sha256(content).digest()) | some


def status_files() -> st.SearchStrategy[bytes]:
    """JSON and what is none, in the place of a session's problems."""
    values = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
        ),
    )
    problems = st.lists(st.text(), max_size=4).map(lambda found: {"problems": found})
    escaped = st.sampled_from(
        [r'"\ud800"', r'"\udfff\ud800"', '"\\u0000"', '"' + "a" * 900_000 + '"']
    )
    return st.one_of(
        (values | problems).map(lambda value: json.dumps(value).encode()),
        escaped.map(lambda text: f'{{"problems": [{text}]}}'.encode()),
        st.sampled_from(
            [
                b"[" * 200_000,
                b'{"problems": ' * 100_000,
                b'{"problems": [' + b"9" * 900_000 + b"]}",
                b'{"problems": ["\xff"]}',
                b'{"problems": [' + b'"",' * 300_000 + b'""]}',
            ]
        ),
        st.binary(max_size=100),
    )


def put_no_file(path: Path, what: str) -> None:
    """Something else in the place of a file."""
    path.unlink()
    if what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "socket":
        # The path of a socket is short: it is bound by a name in its directory.
        before = os.open(".", os.O_RDONLY)
        try:
            os.chdir(path.parent)
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("s")
            os.rename("s", path.name)
        finally:
            os.fchdir(before)
            os.close(before)
    elif what == "device":
        path.symlink_to("/dev/zero")
    elif what == "loop":
        path.symlink_to(path.name)
    elif what == "elsewhere":
        secret = path.parents[3] / "secret"
        secret.write_bytes(SECRET)
        path.symlink_to(secret)
    else:
        path.write_bytes(b"")


NO_FILES = ("directory", "fifo", "socket", "device", "loop", "elsewhere", "empty")


def restore(pristine: Path, directory: Path) -> None:
    """Puts a plugin directory back to what it was."""
    shutil.rmtree(directory)
    shutil.copytree(pristine, directory)


def _places(message: Any) -> Iterator[tuple[Any, FieldDescriptor]]:
    """Every field of a message and of those in it, set or not."""
    for field in message.DESCRIPTOR.fields:
        yield message, field
        if field.message_type is not None:
            value = getattr(message, field.name)
            for one in value if field.is_repeated else [value]:
                yield from _places(one)


def _set(draw: st.DrawFn, parent: Any, field: FieldDescriptor) -> None:
    """Sets a field to a value that no writer writes, or changes how many it has."""
    if field.message_type is not None:
        value = getattr(parent, field.name)
        if not field.is_repeated:
            parent.ClearField(field.name)
        elif draw(st.booleans()) or not value:
            value.add()
        else:
            value.add().CopyFrom(value[0])
    elif field.is_repeated:
        value = getattr(parent, field.name)
        added = [_value(draw, field) for _ in range(draw(st.integers(0, 3)))]
        kept = list(value)[: draw(st.integers(0, len(value)))]
        value[:] = [*added, *kept]
    else:
        setattr(parent, field.name, _value(draw, field))


def _value(draw: st.DrawFn, field: FieldDescriptor) -> Any:
    if field.type in _INTEGERS:
        least, most = _INTEGERS[field.type]
        some = st.sampled_from([least, most, 0, 1, 2, 7, most // 2])
        return draw(some | st.integers(least, most))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return draw(st.booleans())
    if field.type == FieldDescriptor.TYPE_BYTES:
        return draw(st.binary(max_size=40))
    if field.type == FieldDescriptor.TYPE_STRING:
        return draw(st.sampled_from(_NAMES))
    largest = 3.4e38 if field.type == FieldDescriptor.TYPE_FLOAT else 1.7e308
    return draw(st.sampled_from([one for one in _FLOATS if not largest < one < float("inf")]))
