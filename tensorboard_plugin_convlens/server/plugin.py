"""The TensorBoard plugin: which runs there are, which routes, which tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tensorboard import context as tensorboard_context
from tensorboard.plugins import base_plugin

import tensorboard_plugin_convlens
from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.server.captures import Captures
from tensorboard_plugin_convlens.server.respond import guarded
from tensorboard_plugin_convlens.server.routes import Routes
from tensorboard_plugin_convlens.storage.filesystem import local_path
from tensorboard_plugin_convlens.storage.names import INDEX_TAG, PLUGIN_NAME
from tensorboard_plugin_convlens.storage.packed_run import PackedRun
from tensorboard_plugin_convlens.storage.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.source import Source


class ConvLensPlugin(base_plugin.TBPlugin):
    """Serves the captures of the runs that TensorBoard lists."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        """Takes TensorBoard's context: its data provider and log directory."""
        self._data_provider = context.data_provider
        self._log_directory = _log_directory(context.logdir)
        self._routes = Routes(
            Captures(self._list_sources), tensorboard_plugin_convlens.__version__
        )

    def get_plugin_apps(self) -> dict[str, Callable[..., object]]:
        """The routes, below `/data/plugin/convlens`."""
        return {route: guarded(handler) for route, handler in self._routes.table().items()}

    def is_active(self) -> bool:
        """False: TensorBoard itself finds runs with ConvLens summaries."""
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The tab: an ES module with a `render` function."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="ConvLens")

    def _list_sources(self) -> Mapping[str, Source]:
        """Every run with captures: beside its event files, or inside them."""
        context = tensorboard_context.RequestContext()
        sources: dict[str, Source] = {}
        packed = self._data_provider.list_blob_sequences(
            context, experiment_id="", plugin_name=PLUGIN_NAME
        )
        for run, tags in packed.items():
            contents = {tag: series.plugin_content for tag, series in tags.items()}
            sources[run] = PackedRun(self._data_provider, run, contents)
        announced = self._data_provider.list_tensors(
            context, experiment_id="", plugin_name=PLUGIN_NAME
        )
        for run, tags in announced.items():
            if INDEX_TAG not in tags or self._log_directory is None:
                continue
            if run in sources:
                sources[f"{run} (summaries)"] = sources[run]
            sources[run] = RunDirectory(self._log_directory / run)
        return sources


def _log_directory(logdir: str | None) -> Path | None:
    """The directory given as `--logdir`, or None if there is none or it is remote."""
    try:
        return local_path(logdir) if logdir else None
    except StorageError:
        return None
