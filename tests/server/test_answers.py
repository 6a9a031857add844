"""Refusals, damage, caches and headers: what answers of all routes have in common."""

import json

import pytest

from tensorboard_plugin_convlens.storage.format import names
from tests import captures
from tests.server.asking import ROOT, complete_query, first_step, get


@pytest.mark.parametrize(
    ("route", "changed", "sentence"),
    [
        ("/step", {"run": "nobody"}, "There is no run 'nobody'"),
        ("/step", {"run": "../train"}, "There is no run"),
        ("/step", {"step": "99"}, "is gone from the log directory"),
        ("/step", {"session": "t1700000000000-aaaaaaaa"}, "is gone from the log directory"),
        ("/layer", {"layer": "77"}, "Layer 77 was not captured"),
        ("/layer", {"input": "77"}, "There is no input image 77"),
        ("/sheet", {"sha256": "0" * 64}, "has no sheet"),
        ("/graph", {"fingerprint": "0" * 64}, "is gone from the log directory"),
        ("/picture", {"index": "9"}, "There is no picture 0 of an input image 9"),
        ("/static/nothing.js", {}, "has no file 'nothing.js'"),
    ],
)
def test_missing_things_are_404_with_a_sentence(client, route, changed, sentence):
    answer = client.get(f"{ROOT}{route}", query_string=complete_query(client) | changed)

    assert answer.status_code == 404
    assert sentence in json.loads(answer.text)["error"]


@pytest.mark.parametrize(
    ("route", "changed", "sentence"),
    [
        ("/step", {"step": "-1"}, "step must be a whole number from 0; got '-1'"),
        ("/step", {"step": "1e3"}, "step must be a whole number"),
        ("/step", {"step": "9" * 40}, "step must be a whole number"),
        ("/step", {"session": "x"}, "session is malformed"),
        ("/step", {"session": "../../etc"}, "session is malformed"),
        ("/graph", {"fingerprint": "../graph"}, "fingerprint must be 64 lower-case"),
        ("/sheet", {"sha256": "A" * 64}, "sha256 must be 64 lower-case"),
        ("/layer", {"layer": "one"}, "layer must be a whole number"),
        (
            "/tiles",
            {"tile": "0.events.0.guided"},
            "tile must be STEP.SESSION.INPUT.METHOD.FORM.STAGE",
        ),
        ("/tiles", {"tile": "0.events.0.saliency.values.after"}, "with the methods activation"),
        ("/tiles", {"tile": "0.events.0.guided.../...after"}, "tile must be STEP"),
        ("/tiles", {"tile": "0.t1.0.guided.values.after"}, "session is malformed"),
        ("/tiles", {"tile": []}, "tile must be given 1 to 64 times; it was given 0 times"),
        ("/tiles", {"tile": ["0.events.0.guided.values.after"] * 65}, "it was given 65 times"),
        ("/step", {"run": "a\0b"}, "run is not the name of a run"),
        ("/step", {"run": ["train", "other"]}, "run must be given once; it was given 2 times"),
    ],
)
def test_malformed_requests_are_400_with_a_sentence(client, route, changed, sentence):
    answer = client.get(f"{ROOT}{route}", query_string=complete_query(client) | changed)

    assert answer.status_code == 400
    assert sentence in json.loads(answer.text)["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(client, method):
    for route in ("/runs", "/step", "/sheet", "/index.js", "/static/x.js"):
        answer = client.open(f"{ROOT}{route}", method=method)

        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_a_damaged_sheet_is_410_and_the_others_are_served(client, tmp_path):
    query, _ = first_step(client)
    sheets = get(client, "/layer", **query, layer=1, input=0)["sheets"]
    (pack,) = (tmp_path / "train" / names.DIRECTORY).glob("pack-*0000-*i000000.clpk")
    content = bytearray(pack.read_bytes())
    content[20] ^= 1
    pack.write_bytes(content)

    first, second = (
        client.get(f"{ROOT}/sheet", query_string=query | {"sha256": sheet["sha256"]})
        for sheet in sheets[:2]
    )

    assert first.status_code == 410
    assert "damaged" in json.loads(first.text)["error"]
    assert second.status_code == 200


def test_a_damaged_manifest_is_reported_in_the_list_of_runs(serve, tmp_path):
    captures.write_run(tmp_path, "train", steps=(0, 1))
    manifest = sorted((tmp_path / "train" / names.DIRECTORY).glob("step-*"))[0]
    manifest.write_bytes(manifest.read_bytes()[:-1])
    client = serve(tmp_path)

    (run,) = get(client, "/runs")["runs"]

    assert [step["step"] for step in run["steps"]] == [1]
    assert "Step 0 is left out: The manifest of step 0 is damaged" in run["problems"][0]


def test_constant_answers_are_cached_and_others_are_not(client):
    query = complete_query(client)
    for route in ("/step", "/layer", "/sheet", "/tiles", "/inputs", "/picture"):
        cache = client.get(f"{ROOT}{route}", query_string=query).headers["Cache-Control"]
        assert cache == "private, max-age=31536000", route
    for route in ("/runs", "/history", "/predictions"):
        cache = client.get(f"{ROOT}{route}", query_string=query).headers["Cache-Control"]
        assert "no-cache" in cache, route


def test_every_answer_forbids_guessing_its_type_and_reading_it_elsewhere(client):
    for route in ("/runs", "/step", "/sheet", "/picture", "/static/x.js"):
        headers = client.get(f"{ROOT}{route}", query_string=complete_query(client)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
