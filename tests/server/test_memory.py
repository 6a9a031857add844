"""No log directory and no question makes TensorBoard grow by more than a hundred megabytes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tensorboard_plugin_convlens.storage.format import names
from tests import hostile
from tests.server.conftest import python_provider
from tests.server.heavy_logs import BUILDERS
from tests.server.sweep import Question, questions

MOST_MEGABYTES = 100
PLUGIN = Path("train", names.DIRECTORY)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Measures each heavy log directory in a process of its own."""
    root = tmp_path_factory.mktemp("heavy")
    hostile.write_log(root / "light")
    asked = root / "questions.json"
    asked.write_text(json.dumps(questions_about(root / "light")))
    for build in BUILDERS:
        log_dir = shutil.copytree(root / "light", root / build.__name__)
        build(log_dir / PLUGIN)
    log_dirs = [root / "light", *(root / build.__name__ for build in BUILDERS)]
    arguments = [str(one) for one in (asked, *log_dirs)]
    command = [sys.executable, "-m", "tests.server.memory_of_answers", *arguments]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shutil.rmtree(root)
    return {one["log"]: one for one in json.loads(printed.splitlines()[-1])}


def questions_about(log_dir: Path) -> list[Question]:
    with python_provider(log_dir) as provider:
        context = base_plugin.TBContext(logdir=str(log_dir), data_provider=provider)
        wsgi = application.TensorBoardWSGI(
            [ConvLensPlugin(context)], path_prefix="", data_provider=provider
        )
        return questions(werkzeug_test.Client(wsgi, wrappers.Response), "train")


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_a_heavy_run_takes_little_memory_and_has_answers(measured, build):
    found = measured[build.__name__]
    assert found["peak"] <= MOST_MEGABYTES
    assert {code for codes in found["statuses"].values() for code in codes} <= {200, 410, 413}
    assert found["statuses"]["/runs"] == [200]


@pytest.mark.parametrize(
    ("log", "route", "statuses"),
    [
        ("large_pictures", "/picture", [200]),
        ("large_pictures", "/inputs", [200]),
        ("many_pictures", "/inputs", [413]),
        ("pack_with_a_hole", "/sheet", [200, 410]),
        ("long_configuration", "/graph", [410]),
        ("wide_configurations", "/graph", [200]),
        ("many_nodes", "/graph", [413]),
        ("long_statistics", "/step", [200, 410]),
        ("many_skipped", "/step", [200, 410]),
    ],
)
def test_too_large_requests_are_refused_and_others_answered(measured, log, route, statuses):
    assert measured[log]["statuses"][route] == statuses
