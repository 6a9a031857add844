"""The routes: parse, look up, answer. `docs/http_api.md` describes each of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.filters.stages import StatisticStage
from tensorboard_plugin_convlens.core.judgments.ablation import loss_changes
from tensorboard_plugin_convlens.server import params, ranking, timeline, to_wire, wire
from tensorboard_plugin_convlens.server.ablation_to_wire import ablation_to_wire
from tensorboard_plugin_convlens.server.answers import Answers
from tensorboard_plugin_convlens.server.captures import Captures
from tensorboard_plugin_convlens.server.numbers import to_json
from tensorboard_plugin_convlens.server.respond import (
    Answer,
    Handler,
    as_compressed_json,
    as_file,
    as_json,
    as_parts,
    as_png,
    as_sheet,
)
from tensorboard_plugin_convlens.server.tiles import read_tiles

STATIC = Path(__file__).resolve().parent.parent / "static"


class Routes:
    """The handlers, for the current captures."""

    def __init__(self, captures: Captures, version: str) -> None:
        """Takes the captures to serve and the version to report."""
        self._captures = captures
        self._answers = Answers()
        self._version = version

    def table(self) -> dict[str, Handler]:
        """The routes that serve the content of a log directory."""
        return {
            "/runs": self._runs,
            "/graph": self._graph,
            "/inputs": self._inputs,
            "/picture": self._picture,
            "/step": self._step,
            "/layer": self._layer,
            "/sheet": self._sheet,
            "/tiles": self._tiles,
            "/history": self._history,
            "/timeline": self._timeline,
            "/network_timeline": self._network_timeline,
            "/predictions": self._predictions,
            "/agreement": self._agreement,
            "/flags": self._flags,
            "/ablations": self._ablations,
        }

    def tab(self) -> dict[str, Handler]:
        """The routes of the built tab, which is the same for everyone."""
        return {"/index.js": self._index, "/static/*": self._static}

    def _runs(self, request: Request) -> Response:
        answer = self._answers.get("/runs", self._captures.versions, self._list_runs)
        return as_compressed_json(request, answer)

    def _list_runs(self) -> Iterator[bytes]:
        yield b'{"runs":['
        for place, run in enumerate(self._captures.runs()):
            yield (b"," if place else b"") + to_json(run)
        yield b'],"version":' + to_json(self._version) + b"}"

    def _graph(self, request: Request) -> Response:
        run = params.run(request.args)
        graph = self._captures.graph(run, params.sha256(request.args, "fingerprint"))
        return as_json(request, to_wire.graph(graph), immutable=True)

    def _inputs(self, request: Request) -> Response:
        run = params.run(request.args)
        inputs = self._captures.inputs(run, params.sha256(request.args, "fingerprint"))
        return as_json(request, to_wire.inputs(inputs), immutable=True)

    def _picture(self, request: Request) -> Response:
        run = params.run(request.args)
        fingerprint = params.sha256(request.args, "fingerprint")
        index, source = (params.number(request.args, name) for name in ("index", "source"))
        return as_png(request, self._captures.picture(run, fingerprint, index, source))

    def _step(self, request: Request) -> Response:
        step = params.step(request.args)
        head = self._captures.head(step)
        names = self._captures.inputs(step.run, head.inputs).class_names
        body = to_wire.step(step.run, head, self._captures.layers(step), names)
        return as_json(request, body, immutable=True)

    def _layer(self, request: Request) -> Response:
        step = params.step(request.args)
        layer, index = (params.number(request.args, name) for name in ("layer", "input"))
        self._captures.check_input(step, index)
        record = self._captures.layer(step, layer)
        body = to_wire.layer_capture(step.run, step.key.step, record, index)
        return as_json(request, body, immutable=True)

    def _sheet(self, request: Request) -> Answer:
        step = params.step(request.args)
        sha256 = params.sha256(request.args, "sha256")
        return as_sheet(request, self._captures.stored(step, sha256))

    def _tiles(self, request: Request) -> Answer:
        found = read_tiles(self._captures, params.tiles(request.args))
        head = wire.Tiles(tiles=found.entries)
        return as_parts(request, head, found.levels, immutable=found.is_complete)

    def _history(self, request: Request) -> Response:
        run = params.run(request.args)
        layer, channel, index = (
            params.number(request.args, name) for name in ("layer", "channel", "input")
        )
        stage = params.statistic_stage(request.args)
        head = {"run": run, "layer": layer, "channel": channel, "input": index}

        def points() -> Iterator[wire.HistoryPoint]:
            for capture in self._captures.numbers(run, layer):
                for record in capture.layers:
                    yield to_wire.history_point(capture, record, channel, index, stage)

        return self._over_steps(request, run, head, points, stage)

    def _predictions(self, request: Request) -> Response:
        run = params.run(request.args)
        index = params.number(request.args, "input")

        def points() -> Iterator[wire.PredictionPoint]:
            for capture in self._captures.heads(run):
                names = self._captures.inputs(run, capture.inputs).class_names
                yield to_wire.prediction_point(capture, index, names)

        return self._over_steps(request, run, {"run": run, "input": index}, points)

    def _over_steps(
        self,
        request: Request,
        run: str,
        head: Mapping[str, object],
        points: Callable[[], Iterable[object]],
        stage: StatisticStage | None = None,
    ) -> Response:
        """An answer with a point for each step; they are encoded one by one."""

        def make() -> Iterator[bytes]:
            yield to_json(head)[:-1] + b',"points":['
            for place, point in enumerate(points()):
                yield (b"," if place else b"") + to_json(point)
            yield b"]}"

        return self._kept(request, run, (*head.items(), stage), make)

    def _kept(
        self,
        request: Request,
        run: str,
        asked: Hashable,
        make: Callable[[], Iterable[bytes]],
    ) -> Response:
        """An answer that is kept until the run changes."""
        question = request.path, asked
        answer = self._answers.get(question, lambda: self._captures.version(run), make)
        return as_compressed_json(request, answer)

    def _timeline(self, request: Request) -> Response:
        run = params.run(request.args)
        graph = params.sha256(request.args, "graph")
        layer, index = (params.number(request.args, name) for name in ("layer", "input"))
        statistic = params.statistic(request.args)
        stage = params.statistic_stage(request.args)

        def make() -> Iterator[bytes]:
            rows = self._captures.rows(run, graph, layer)
            return timeline.layer_timeline(run, rows, layer, index, statistic, stage)

        return self._kept(request, run, (run, graph, layer, index, statistic, stage), make)

    def _network_timeline(self, request: Request) -> Response:
        run = params.run(request.args)
        graph = params.sha256(request.args, "graph")
        thresholds = params.thresholds(request.args)

        def make() -> Iterator[bytes]:
            rows = self._captures.network_rows(run, graph, thresholds)
            return timeline.network_timeline(run, rows, thresholds)

        return self._kept(request, run, (run, graph, thresholds), make)

    def _agreement(self, request: Request) -> Response:
        step = params.step(request.args)
        seed = params.optional_number(request.args, "seed")
        record = self._captures.layer(step, params.number(request.args, "layer"))
        graph = self._captures.outline(step).graph
        body = ranking.agreement(
            step.run,
            step.key.step,
            record,
            ablation=loss_changes(
                self._captures.ablations(step.run),
                graph,
                self._captures.layer_key(step, record.layer),
            ),
            seed=seed,
        )
        # Not for ever: tests of verdicts are added to a run.
        return as_json(request, body)

    def _flags(self, request: Request) -> Response:
        step = params.step(request.args)
        record = self._captures.layer(step, params.number(request.args, "layer"))
        body = ranking.flags(step.run, step.key.step, record, params.thresholds(request.args))
        return as_json(request, body, immutable=True)

    def _ablations(self, request: Request) -> Response:
        run = params.run(request.args)
        found = [ablation_to_wire(one) for one in self._captures.ablations(run)]
        body: wire.Ablations = {"run": run, "ablations": found}
        return as_json(request, body)

    def _index(self, request: Request) -> Response:
        return as_file(request, _built(STATIC / "index.js"), immutable=False)

    def _static(self, request: Request) -> Response:
        name = PurePosixPath(request.path).name
        path = safe_join(str(STATIC), "static", name)
        if path is None:
            raise NotCapturedError("There is no such file.")
        return as_file(request, _built(Path(path)), immutable=True)


def _built(path: Path) -> Path:
    """A file of the built tab, if it is there."""
    if not path.is_file():
        raise NotCapturedError(
            f"The tab has no file {path.name[:200]!r}. If this is a source checkout, build the "
            "tab with `make build`."
        )
    return path
