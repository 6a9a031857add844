"""A real TensorBoard behind a real nginx, in the forms that people write its configuration."""

import contextlib

import pytest

from tensorboard_plugin_convlens.marks.address import find_store
from tests.marks.mark_request import request
from tests.marks.mark_server import MarkServer, write_run
from tests.nginx import running_nginx

NAME, OTHER = "tb.lab.example", "other.example"
ROUTE = "/data/plugin/convlens"
FORMS = {
    "as it comes": "",
    "host": "proxy_set_header Host $host;",
    "http_host": "proxy_set_header Host $http_host;",
    "documented": (
        "proxy_set_header Host $http_host;"
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        "proxy_set_header X-Forwarded-Host $http_host;"
    ),
}


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Starts TensorBoard with flags behind an nginx that has all forms."""

    @contextlib.contextmanager
    def start(*flags):
        log_dir = tmp_path_factory.mktemp("logs")
        step = write_run(log_dir, 40)
        server = MarkServer(log_dir, find_store(log_dir), arguments=flags)
        try:
            server.wait_for_run()
            with running_nginx(server.url.replace("localhost", "127.0.0.1"), FORMS) as nginx:
                yield nginx, step
        finally:
            server.kill()

    return start


def mark(nginx, step, form, name, base, **options):
    body = request(step.step, step.session, base, base=base, author="ann", note="")
    return nginx.ask(form, name, f"{ROUTE}/mark", body, **options)


def test_a_given_name_reads_and_marks_over_http_and_https_in_every_form(behind):
    with behind("--convlens_allowed_hosts", NAME, "--convlens_allow_writes") as (nginx, step):
        base = 0
        for form in FORMS:
            for https in (False, True):
                status, answer = nginx.ask(form, NAME, f"{ROUTE}/marks?run=train", https=https)
                assert (status, answer["writing"]["allowed"]) == (200, True), (form, answer)
                status, answer = mark(nginx, step, form, NAME, base, https=https)
                assert status == 200, (form, https, answer)
                base += 1
                for path in ("runs", "marks?run=train"):
                    status, answer = nginx.ask(form, OTHER, f"{ROUTE}/{path}", https=https)
                    assert (status, OTHER in answer["error"]) == (403, True), (form, answer)
                status, answer = mark(nginx, step, form, OTHER, base, https=https)
                assert (status, OTHER in answer["error"]) == (403, True), (form, answer)


def test_clients_behind_nginx_are_not_local_without_the_flag_that_the_error_names(behind):
    with behind("--convlens_allowed_hosts", NAME) as (nginx, step):
        for form in FORMS:
            for https in (False, True):
                status, answer = mark(nginx, step, form, NAME, 0, https=https)
                assert (status, "--convlens_allow_writes" in answer["error"]) == (403, True)
                status, answer = nginx.ask(form, NAME, f"{ROUTE}/marks?run=train", https=https)
                assert (status, answer["writing"]["allowed"]) == (200, False)


def test_a_trusted_nginx_tells_who_is_on_this_machine(behind):
    flags = ("--convlens_allowed_hosts", NAME, "--convlens_trusted_proxies", "127.0.0.1")
    with behind(*flags) as (nginx, step):
        status, answer = mark(nginx, step, "documented", NAME, 0)
        assert status == 200, answer
