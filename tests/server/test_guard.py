"""Hostile requests, at every route that the plugin has."""

import itertools
import json
from typing import Any

import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server.guard import LARGEST_BODY, METHODS
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

ROUTES = {
    route: access
    for route, (_, access) in ConvLensPlugin(base_plugin.TBContext(logdir="x")).routes().items()
}
DATA = {route: access for route, access in ROUTES.items() if access != "tab"}
WRITES = [route for route, access in ROUTES.items() if access == "write"]
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]
GOOD = {"X-ConvLens": "1", "Host": "localhost:6006"}
HOSTS = [
    "evil.example",
    "evil.example:6006",
    "localhost.evil.example",
    "10.evil.example",
    "127.0.0.1.evil.example",
    "localhost.",
    "localhost:6006@evil.example",
    "evil.example@localhost",
    "[::1].evil.example",
    "[::1",
    "localhost:x",
    "127.1",
    "0x7f000001",
    "",
]
SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Referer": "http://evil.example/page"},
    {"Origin": "https://localhost:6006.evil.example"},
    {"Origin": "http://localhost:8888"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "file://localhost:6006"},
]
TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]


@pytest.fixture
def ask(tmp_path):
    """Sends a request to a route past TensorBoard itself; nothing may be written."""
    provider = data_provider.MultiplexerDataProvider(
        plugin_event_multiplexer.EventMultiplexer(), str(tmp_path)
    )
    context = base_plugin.TBContext(logdir=str(tmp_path), data_provider=provider)
    apps: dict[str, Any] = ConvLensPlugin(context).get_plugin_apps()
    assert set(apps) == set(ROUTES)

    def send(route, method, headers, **options):
        client = werkzeug_test.Client(apps[route], wrappers.Response)
        return client.open(route, method=method, headers=headers, **options)

    yield send
    assert list(tmp_path.iterdir()) == []


def refused(answer, *statuses):
    assert answer.status_code in statuses, answer.text
    sentence = json.loads(answer.text)["error"]
    return sentence[0].isupper() and sentence.endswith(".")


@pytest.mark.parametrize("route", ROUTES)
def test_only_the_routes_own_methods_are_allowed(ask, route):
    allowed = METHODS[ROUTES[route]]
    for method in set(ALL_METHODS) - set(allowed):
        answer = ask(route, method, GOOD, json={})
        assert answer.status_code == 405
        assert answer.headers["Allow"] == ", ".join(allowed)


@pytest.mark.parametrize("route", DATA)
@pytest.mark.parametrize("host", HOSTS)
def test_no_foreign_host_gets_anything(ask, route, host):
    method = METHODS[DATA[route]][0]
    assert refused(ask(route, method, GOOD | {"Host": host}, json={}), 403)


@pytest.mark.parametrize("route", DATA)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_sites_page_reads_or_writes(ask, route, site):
    method = METHODS[DATA[route]][0]
    assert refused(ask(route, method, GOOD | {"Sec-Fetch-Site": site}, json={}), 403)


@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize("site", SITES, ids=str)
@pytest.mark.parametrize("kind", [*TYPES, "application/json"])
def test_no_foreign_origin_writes_whatever_it_sends(ask, route, site, kind):
    assert refused(ask(route, "POST", GOOD | site, data="{}", content_type=kind), 403)


@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize("kind", TYPES)
def test_only_json_is_taken(ask, route, kind):
    assert refused(ask(route, "POST", GOOD, data="{}", content_type=kind), 415)


@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize("value", [None, "", "0", "true"])
def test_without_the_header_of_the_tab_nothing_is_written(ask, route, value):
    headers = {"Host": "localhost"} | ({} if value is None else {"X-ConvLens": value})
    assert refused(ask(route, "POST", headers, json={}), 403)


@pytest.mark.parametrize("route", WRITES)
def test_a_body_without_a_length_or_with_a_large_one_is_refused(ask, route):
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    kind = {"content_type": "application/json"}
    assert refused(ask(route, "POST", GOOD, data="{}", environ_overrides=chunked, **kind), 411)
    large = b" " * (LARGEST_BODY + 1)
    assert refused(ask(route, "POST", GOOD, data=large, **kind), 413)


@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"operation": NaN}',
        b"[" * 100_000,
        b'"\\ud800"',
        b"\xff",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_of_another_shape_is_400(ask, route, body):
    answer = ask(route, "POST", GOOD, data=body, content_type="application/json")
    assert refused(answer, 400)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Host": "127.0.0.1:6006"},
        {"Host": "[::1]:6006"},
        {"Host": "LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:6006"},
        {"Origin": "http://localhost:6006"},
    ],
    ids=str,
)
def test_the_tabs_own_requests_pass_the_guard(ask, route, headers):
    method = METHODS[ROUTES[route]][0]
    answer = ask(route, method, GOOD | headers, json={})
    assert answer.status_code not in (403, 405, 411, 413, 415), answer.text


def test_the_tab_itself_is_the_same_for_everybody(ask):
    answers = [
        ask(route, "GET", headers)
        for route, headers in itertools.product(["/index.js"], [GOOD, {"Host": "evil.example"}])
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data
