"""A person who marks filters, one after the other, and asks again until it is answered.

python -m tests.marks.marker URL,URL STEP SESSION FIRST COUNT

It stops after `COUNT` filters, or after the one on its way when its standard input is closed.
"""

from __future__ import annotations

import http.client
import json
import random
import select
import sys
import time
from urllib.parse import urlsplit

from tests.marks.mark_request import request
from tests.patience import SECONDS_FOR_A_PROCESS


def ask(addresses: list[str], body: dict[str, object]) -> dict[str, int]:
    """The answer of whichever TensorBoard is alive; an answer that is not 200 is a fault."""
    content = json.dumps(body)
    headers = {"Content-Type": "application/json", "X-ConvLens": "1"}
    while True:
        address = urlsplit(random.choice(addresses))
        connection = http.client.HTTPConnection(address.netloc, timeout=SECONDS_FOR_A_PROCESS)
        try:
            connection.request("POST", "/data/plugin/convlens/mark", content, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            continue
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text.decode()}")
        found: dict[str, int] = json.loads(text)
        return found


def main() -> None:
    """Marks filters from `FIRST` on, each once."""
    urls, step, session, first, count = sys.argv[1:]
    base, author = 0, f"marker {first}"
    for channel in range(int(first), int(first) + int(count)):
        note = f"note {channel}"
        body = request(int(step), session, channel, base=base, author=author, note=note)
        base = ask(urls.split(","), body)["sequence"]
        print(channel, flush=True)
        if select.select([sys.stdin], [], [], 0)[0]:
            break


if __name__ == "__main__":
    main()
