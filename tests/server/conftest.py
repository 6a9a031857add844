"""The plugin in TensorBoard's own WSGI application, over each of its two loaders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend import application
from tensorboard.backend.event_processing import data_provider as multiplexer_provider
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.data import server_ingester
from tensorboard.plugins import base_plugin
from tensorboard.util import grpc_util
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tests import captures
from tests.patience import SECONDS_FOR_A_PROCESS

Client = werkzeug_test.Client
Serve = Callable[[Path], Client]
KEEP_ALL = {"convlens": 0}


@pytest.fixture(params=["python loader", "rust loader"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Serves a log directory through the plugin, once with each loader."""
    provider = python_provider if request.param == "python loader" else _rust_provider
    with ExitStack() as servers:

        def start(log_dir: Path) -> Client:
            data_provider = servers.enter_context(provider(log_dir))
            context = base_plugin.TBContext(logdir=str(log_dir), data_provider=data_provider)
            wsgi = application.TensorBoardWSGI(
                [ConvLensPlugin(context)], path_prefix="", data_provider=data_provider
            )
            return Client(wsgi, wrappers.Response)

        yield start


@pytest.fixture
def client(serve: Serve, tmp_path: Path) -> Client:
    """Two runs, of three steps and of one; some tests have a client of their own."""
    captures.write_run(tmp_path, "train", steps=(0, 1, 2))
    captures.write_run(tmp_path, "other", steps=(7,))
    return serve(tmp_path)


@contextmanager
def python_provider(log_dir: Path) -> Iterator[Any]:
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance=KEEP_ALL)
    multiplexer.AddRunsFromDirectory(str(log_dir))
    multiplexer.Reload()
    yield multiplexer_provider.MultiplexerDataProvider(multiplexer, str(log_dir))


def _wait_until_loaded(provider: Any, log_dir: Path) -> None:
    """Returns when every run of the log directory is listed; the server reads beside us."""
    parents = {path.parent for path in log_dir.rglob("*tfevents*")}
    runs = {one.relative_to(log_dir).as_posix() for one in parents}
    announced = {one for one in runs if (log_dir / one / "plugins" / "convlens").is_dir()}
    context, patience = RequestContext(), time.monotonic() + SECONDS_FOR_A_PROCESS
    while True:
        listed = {one.run_name for one in provider.list_runs(context, experiment_id="")}
        tensors = provider.list_tensors(context, experiment_id="", plugin_name="convlens")
        missing = (runs - listed) | (announced - set(tensors))
        if not missing:
            return
        assert time.monotonic() < patience, f"The data server never listed {missing}."
        time.sleep(0.05)


@contextmanager
def _rust_provider(log_dir: Path) -> Iterator[Any]:
    ingester = server_ingester.SubprocessServerDataIngester(
        server_ingester.get_server_binary(),
        str(log_dir),
        reload_interval=1,
        channel_creds_type=grpc_util.ChannelCredsType.LOCAL,
        samples_per_plugin=KEEP_ALL,
    )
    ingester.start()
    try:
        _wait_until_loaded(ingester.data_provider, log_dir)
        yield ingester.data_provider
    finally:
        ingester._stdin_handle.close()  # The server ends with its standard input.
