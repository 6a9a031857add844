"""TensorBoard behind a proxy: who reads, who marks, and what an administrator is told to do.

The headers are those that the proxies were seen to send; `test_nginx.py` asks a real one.
"""

from argparse import Namespace
from typing import Any

import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.loader import ConvLensLoader
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin

NAME = "tb.lab.example"
PAGE = f"http://{NAME}:8080"
BROWSER = {"Origin": PAGE, "Referer": f"{PAGE}/data/plugin_entry.html?name=convlens"}
# nginx: proxy_pass alone; with `Host $host`; with `Host $http_host`.
FORMS = {"as it comes": "127.0.0.1:6006", "$host": NAME, "$http_host": f"{NAME}:8080"}
FORWARDED = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Host": f"{NAME}:8080"}


@pytest.fixture
def ask(tmp_path):
    """Asks a route, as a peer, of a TensorBoard with flags; nobody has a run to mark."""
    provider = data_provider.MultiplexerDataProvider(
        plugin_event_multiplexer.EventMultiplexer(), str(tmp_path)
    )

    def send(flags, headers, route="/marks", peer="127.0.0.1"):
        context = base_plugin.TBContext(
            logdir=str(tmp_path), data_provider=provider, flags=Namespace(**flags)
        )
        apps: dict[str, Any] = ConvLensPlugin(context).get_plugin_apps()
        client = werkzeug_test.Client(apps[route], wrappers.Response)
        writes = route in ("/mark", "/undo")
        if not writes:
            headers = {name: value for name, value in headers.items() if name != "Origin"}
        return client.open(
            route,
            query_string=None if writes else {"run": "train"},
            method="POST" if writes else "GET",
            headers={"X-ConvLens": "1", "Host": "localhost:6006"} | headers,
            json={} if writes else None,
            environ_overrides={"REMOTE_ADDR": peer},
        )

    return send


def reads(answer):
    return answer.status_code == 200


def may_mark(answer):
    """Whether the guard let it pass: then the body is found to be malformed."""
    assert answer.status_code in (400, 403), answer.text
    return answer.status_code == 400


@pytest.mark.parametrize("host", FORMS.values(), ids=FORMS)
def test_a_name_that_was_given_reads_and_marks_over_plain_http(ask, host):
    flags = {"convlens_allowed_hosts": [NAME], "convlens_allow_writes": True}
    headers = BROWSER | {"Host": host}
    assert reads(ask(flags, headers))
    assert may_mark(ask(flags, headers, "/mark"))
    assert may_mark(ask(flags, headers | {"Sec-Fetch-Site": "same-origin"}, "/mark"))


@pytest.mark.parametrize("host", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
@pytest.mark.parametrize("given", [[], ["other.example"]], ids=str)
def test_a_name_that_was_not_given_neither_reads_nor_marks(ask, host, site, given):
    flags = {"convlens_allowed_hosts": given, "convlens_allow_writes": True}
    headers = BROWSER | {"Host": host} | site
    for route in ("/marks", "/mark"):
        answer = ask(flags, headers, route)
        assert answer.status_code == 403
        assert f"--convlens_allowed_hosts {NAME}" in answer.text
        assert "docs/deployment.md" in answer.text


@pytest.mark.parametrize("host", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("extra", [{}, FORWARDED, {"Via": "1.1 proxy"}], ids=str)
def test_clients_behind_a_proxy_do_not_count_as_local(ask, host, extra):
    flags: dict[str, Any] = {"convlens_allowed_hosts": [NAME]}
    headers = BROWSER | {"Host": host} | extra
    assert not may_mark(answer := ask(flags, headers, "/mark"))
    assert "start it with --convlens_allow_writes" in answer.text
    told = ask(flags, headers).get_json()["writing"]
    assert (told["allowed"], told["reason"]) == (False, answer.get_json()["error"])


def test_a_program_that_asks_through_an_undeclared_proxy_does_not_count_as_local(ask):
    """It sends neither Origin nor Referer; all there is are the proxy's own headers."""
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Proto"):
        assert not may_mark(ask({}, {header: "10.1.2.3"}, "/mark"))
    assert may_mark(ask({}, {}, "/mark"))


@pytest.mark.parametrize(
    ("chain", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", False),
        ("127.0.0.1, 10.1.2.3", False),
        ("10.1.2.3, 127.0.0.1", False),
        ("unknown", False),
        (None, True),
    ],
)
def test_a_trusted_proxy_says_who_is_local(ask, chain, local):
    flags = {"convlens_trusted_proxies": ["localhost"]}
    headers = {} if chain is None else {"X-Forwarded-For": chain}
    assert may_mark(ask(flags, headers, "/mark")) == local
    if chain is not None:
        assert not may_mark(ask({}, headers, "/mark"))


def test_only_a_trusted_proxy_decides_which_name_was_requested(ask):
    flags: dict[str, Any] = {
        "convlens_trusted_proxies": ["172.16.0.0/12"],
        "convlens_allowed_hosts": [NAME],
        "convlens_allow_writes": True,
        "bind_all": True,
    }
    # `proxy_pass http://tensorboard:6006` in a network of containers.
    headers = BROWSER | FORWARDED | {"Host": "tensorboard:6006"}
    for route in ("/marks", "/mark"):
        assert ask(flags, headers, route, "172.18.0.2").status_code in (200, 400)
        assert ask(flags, headers, route, "10.1.2.3").status_code == 403
        evil = headers | {"X-Forwarded-Host": "evil.example"}
        assert ask(flags, evil, route, "172.18.0.2").status_code == 403
        assert (
            ask(flags, BROWSER | {"X-Forwarded-Host": "evil.example"}, route).status_code == 403
        )


@pytest.mark.parametrize(
    ("given", "page", "allowed"),
    [
        (".hub.example", "https://user-ann.hub.example", True),
        (".hub.example", "https://hub.example", False),
        (".hub.example", "https://evilhub.example", False),
        ("https://tb.lab.example/", "https://tb.lab.example", True),
        (f"{NAME}:8080", PAGE, True),
        (f"{NAME}:8080", f"http://{NAME}:9999", False),
        ("10.0.0.5", "http://10.0.0.5:8080", True),
        ("TB.Lab.Example", PAGE, True),
    ],
)
def test_which_pages_a_given_name_stands_for(ask, given, page, allowed):
    flags = {"convlens_allowed_hosts": [given], "convlens_allow_writes": True}
    headers = {"Host": "127.0.0.1:6006", "Origin": page, "Referer": f"{page}/"}
    assert may_mark(ask(flags, headers, "/mark")) == allowed


@pytest.mark.parametrize("port", [6006, 16006], ids=["the same", "a tunnel's"])
def test_a_tunnel_to_this_machine_needs_no_flag(ask, port):
    """ssh -L, VS Code, `docker run -p`: the browser's own Host arrives."""
    page = f"http://localhost:{port}"
    headers = {"Host": f"localhost:{port}", "Origin": page, "Referer": f"{page}/"}
    assert reads(ask({}, headers))
    assert may_mark(ask({}, headers | {"Sec-Fetch-Site": "same-origin"}, "/mark"))


def test_a_trusted_proxy_that_is_not_an_address_ends_tensorboard_with_an_error():
    flags = Namespace(convlens_trusted_proxies=["proxy.lab.example"])
    with pytest.raises(base_plugin.FlagsError, match="is not an address; expected"):
        ConvLensLoader().fix_flags(flags)
