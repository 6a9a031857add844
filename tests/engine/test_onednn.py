"""Which of TensorFlow's kernels a command computes with."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.engine import onednn
from tensorboard_plugin_convlens.engine.onednn import SWITCH, choose_onednn
from tensorboard_plugin_convlens.tracing import internals

_CHOOSE = """
import os, sys
from tensorboard_plugin_convlens.engine.onednn import SWITCH, choose_onednn
choose_onednn(measure=True)
assert "tensorflow" not in sys.modules
print(os.environ.get(SWITCH, ""))
"""


@pytest.fixture
def at_a_start(monkeypatch, tmp_path):
    """Undoes the import of TensorFlow, with a new cache; returns the file in the cache."""
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "convlens" / "onednn.json"


def keep(file, setting):
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({onednn._key(): setting}))


def test_the_first_start_measures_and_the_next_one_knows(tmp_path):
    environment = {key: one for key, one in os.environ.items() if key != SWITCH}
    environment |= {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}

    def start():
        command = [sys.executable, "-c", _CHOOSE]
        return subprocess.run(
            command, check=True, env=environment, capture_output=True, text=True
        )

    first, second = start(), start()

    assert "measures once" in first.stderr
    assert second.stderr == ""
    [kept] = json.loads((tmp_path / "convlens/onednn.json").read_text()).values()
    assert first.stdout == second.stdout == f"{kept}\n"


@pytest.mark.parametrize("setting", ["0", "1"])
def test_what_is_known_of_this_machine_is_set(at_a_start, setting):
    keep(at_a_start, setting)
    choose_onednn(measure=False)
    assert os.environ[SWITCH] == setting


def test_the_setting_of_a_user_stays(at_a_start, monkeypatch):
    keep(at_a_start, "1")
    monkeypatch.setenv(SWITCH, "0")
    choose_onednn(measure=True)
    assert os.environ[SWITCH] == "0"


def test_another_processor_or_limit_is_another_question(at_a_start, monkeypatch):
    keep(at_a_start, "1")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    choose_onednn(measure=False)
    assert SWITCH not in os.environ


def test_nothing_is_measured_where_the_answer_could_not_be_kept(
    at_a_start, monkeypatch, capsys
):
    at_a_start.parent.write_text("a file where the directory should be")
    choose_onednn(measure=True)
    assert SWITCH not in os.environ
    assert capsys.readouterr().err == ""


def test_trials_that_end_leave_the_choice_to_tensorflow(at_a_start, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    choose_onednn(measure=True)
    assert SWITCH not in os.environ
    assert list(json.loads(at_a_start.read_text()).values()) == [""]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_a_damaged_file_is_as_good_as_none(content):
    assert set(onednn._parse(content).values()) <= {"", "0", "1"}


def test_tensorflow_says_whether_it_uses_onednn():
    # Builds for other processors than x86 have none, whatever is set.
    assert internals.uses_onednn() <= (os.environ[SWITCH] == "1")
