"""The dead man's switch: an address of the owner that is asked while all is well, and rings when it no longer is."""

from __future__ import annotations

import http.client
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from monitor.alert import Outcome
from monitor.send.outcome import CONNECT, answered, unreached


def ping(url: str) -> Outcome:
    """Ask the address; what the world does to that is the outcome, never an exception."""
    request = Request(url, headers={"User-Agent": "wirebell"})  # noqa: S310 - the config takes http and https only
    try:
        with urlopen(request, timeout=CONNECT) as answer:  # noqa: S310 - the same
            return answered(answer.status)
    except HTTPError as error:
        with error:
            return answered(error.code)
    except (OSError, ValueError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)  # urllib wraps what happened to the connection
        return unreached(cause if isinstance(cause, OSError) else error)
