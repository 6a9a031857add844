"""The TensorBoard plugin: its runs, its routes and its tab."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from tensorboard import context as tensorboard_context
from tensorboard.plugins import base_plugin

import tensorboard_plugin_convlens
from tensorboard_plugin_convlens.core.errors import StorageError, StoreError
from tensorboard_plugin_convlens.marks import database_url
from tensorboard_plugin_convlens.marks.address import StoreAddress, find_store
from tensorboard_plugin_convlens.server.captures import Captures
from tensorboard_plugin_convlens.server.guard import Access, guard_from_flags
from tensorboard_plugin_convlens.server.mark_routes import MarkRoutes
from tensorboard_plugin_convlens.server.respond import Handler, guarded
from tensorboard_plugin_convlens.server.routes import Routes
from tensorboard_plugin_convlens.storage.filesystem import local_path
from tensorboard_plugin_convlens.storage.format.names import INDEX_TAG, PLUGIN_NAME
from tensorboard_plugin_convlens.storage.reading.packed_run import PackedRun
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.source import Source
from tensorboard_plugin_convlens.storage.reading.unreachable_run import UnreachableRun


class ConvLensPlugin(base_plugin.TBPlugin):
    """Serves the captures of the runs that TensorBoard lists."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        """Takes TensorBoard's context: its data provider and log directory."""
        self._data_provider = context.data_provider
        self._log_directory = _log_directory(context.logdir)
        self._guard = guard_from_flags(context.flags)
        self._run_directories: dict[str, RunDirectory] = {}
        captures = Captures(self._list_sources)
        self._routes = Routes(captures, tensorboard_plugin_convlens.__version__)
        self._mark_routes = MarkRoutes(
            captures, _store(context.logdir, context.flags), self._guard.why_read_only
        )

    def get_plugin_apps(self) -> dict[str, Callable[..., object]]:
        """The routes, below `/data/plugin/convlens`."""
        return {
            route: guarded(handler, self._guard, access)
            for route, (handler, access) in self.routes().items()
        }

    def routes(self) -> dict[str, tuple[Handler, Access]]:
        """Every route with its handler and its kind of access."""
        tables: tuple[tuple[Access, dict[str, Handler]], ...] = (
            ("tab", self._routes.tab()),
            ("read", self._routes.table() | self._mark_routes.reading()),
            ("write", self._mark_routes.writing()),
        )
        return {
            route: (handler, access)
            for access, table in tables
            for route, handler in table.items()
        }

    def close(self) -> None:
        """Closes the database of marks; the next request opens it again."""
        self._mark_routes.close()

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
            if INDEX_TAG not in tags:
                continue
            if run in sources:
                sources[f"{run} (summaries)"] = sources[run]
            sources[run] = (
                UnreachableRun(self._log_directory)
                if isinstance(self._log_directory, str)
                else self._run_directory(self._log_directory, run)
            )
        return sources

    def _run_directory(self, log_directory: Path, run: str) -> RunDirectory:
        """The same object each time: it remembers that it is inside the run's directory."""
        if run not in self._run_directories:
            self._run_directories[run] = RunDirectory(log_directory / run)
        return self._run_directories[run]


def _log_directory(logdir: str | None) -> Path | str:
    """The directory given as `--logdir`, or why captures cannot be found."""
    if not logdir:
        return (
            "ConvLens finds its captures only below --logdir, but TensorBoard was started with "
            "--logdir_spec. Start it with --logdir and the directory above the runs."
        )
    try:
        return local_path(logdir)
    except StorageError as error:
        return str(error)


def _store(logdir: str | None, flags: argparse.Namespace | None) -> StoreAddress | str:
    """The place of the marks, or why there is none."""
    database = getattr(flags, "convlens_db", "") or ""
    collection = getattr(flags, "convlens_collection", "") or ""
    if database and flags is not None:
        # TensorBoard tells its flags to everybody who asks, at /data/environment.
        flags.convlens_db = database_url.shown(database)
    try:
        return find_store(logdir or "", database, collection)
    except StoreError as error:
        return str(error)
