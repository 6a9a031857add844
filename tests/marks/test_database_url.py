"""URLs of databases: no part of one but scheme, host and database gets anywhere."""

import json
import traceback
from argparse import Namespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks import database_url
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tests.ports import free_port

SECRET = "topsecret2"
PLACES = [
    "postgresql://ann:{secret}@{host}/marks",
    "postgresql+psycopg://ann:{secret}@{host}/marks",
    "postgresql://{host}/marks?user=ann&password={secret}",
    "postgresql://{host}/marks?sslpassword={secret}",
    "postgresql://{host}/marks?passfile=/home/{secret}",
    "postgresql://ann@{host}/marks?pasword={secret}",
    "postgresql://ann:x/{secret}@{host}/marks",
    "postgresql://ann:{secret}/x@{host}/marks",
    "postgresql://ann:{secret}?x@{host}/marks",
    "postgresql://ann:x@{secret}@{host}/marks",
    "postgresql://ann:x:{secret}@{host}/marks",
    "postgresql://ann:x%2F{secret}@{host}/marks",
    "postgresql://ann:x#{secret}@{host}/marks",
    "postgresql://{host}/marks?password=x@{secret}",
    "postgresql://{host}/marks?password=x%40{secret}",
    "postgresql://{host}/marks#password={secret}",
    "postgresql://{host}/marks?options=-c%20x={secret}",
    "postgresql://{host}:{secret}/marks",
    "postgresql://ann:x@{host}:{secret}@/marks",
    "postgresql:///marks?host={host}&password={secret}",
    "postgresql://{host}/marks password={secret}",
    "postgresql://ann:@{host}/marks?sslmode={secret}",
    "postgresql://ann:\n{secret}@{host}/marks",
    "mysql://ann:{secret}@{host}/marks",
    "sqlite:///marks.db?password={secret}",
    "password={secret} host={host}",
    "postgresql:ann:{secret}@{host}/marks",
]


@pytest.fixture
def host():
    """Where nobody answers."""
    return f"127.0.0.1:{free_port()}"


def spell(place, host):
    """The same URL with its secret as it is, and percent-encoded."""
    encoded = "".join(f"%{ord(letter):02X}" for letter in SECRET)
    return [place.format(secret=secret, host=host) for secret in (SECRET, encoded)]


def words_of(place, host):
    return [SECRET, quote(SECRET), "".join(f"%{ord(letter):02X}" for letter in SECRET)]


@pytest.mark.parametrize("place", PLACES)
def test_no_answer_and_no_flag_of_tensorboard_shows_a_password(tmp_path, host, place):
    for url in spell(place, host):
        flags = Namespace(convlens_db=url)
        plugin = ConvLensPlugin(base_plugin.TBContext(logdir=str(tmp_path), flags=flags))
        apps: dict[str, Any] = plugin.get_plugin_apps()
        client = werkzeug_test.Client(apps["/marks"], wrappers.Response)
        answer = client.get("/marks?run=train", headers={"Host": "localhost"})
        told = answer.text + flags.convlens_db
        assert not [word for word in words_of(place, host) if word in told], told
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            assert not json.loads(answer.text)["writing"]["allowed"]


@pytest.mark.parametrize("place", PLACES)
def test_no_command_and_no_traceback_shows_a_password(tmp_path, capsys, host, place):
    for url in spell(place, host):
        assert main(["annotate", str(tmp_path), "--db", url, "list"]) == 1
        told = capsys.readouterr().err
        with pytest.raises(StoreError) as caught:
            MarkStore(find_store(tmp_path, url)).current()
        told += "".join(traceback.format_exception(caught.value))
        assert not [word for word in words_of(place, host) if word in told], told


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_password_whatever_its_characters_is_shown(password):
    assume(password not in "postgresql+psycopg://db.example/marks***")
    complaint = f"there is no option <{password}>"
    for url in (
        f"postgresql+psycopg://ann:{password}@db.example/marks",
        f"postgresql+psycopg://ann:{quote(password, safe='')}@db.example/marks",
        f"postgresql+psycopg://db.example:5432/marks?password={password}",
        f"postgresql+psycopg://db.example/marks?password={quote(password, safe='')}",
        f"postgresql+psycopg://db.example/marks?sslpassword={password}",
    ):
        assert password not in database_url.shown(url)
        assert database_url.without_secrets(complaint, url) == database_url.NOT_REPEATED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ann:secret@db/marks", "postgresql+psycopg://db/marks"),
        ("postgresql://ann:se/cret@db:5433/marks", "postgresql://db/marks"),
        ("postgresql://[::1]:5433/marks?password=x", "postgresql://[::1]/marks"),
        ("postgresql:///marks?host=/run/postgresql", "postgresql:///marks"),
        ("postgresql://db/marks?password=a@b", "postgresql://db/marks"),
    ],
)
def test_scheme_host_and_database_are_shown(url, shown):
    address = find_store(".", url)
    assert str(address) == shown
    assert "secret" not in repr(address)
