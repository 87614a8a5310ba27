"""The behaviours, by theme. `all` has every one by name."""

from registry import behaviours as all  # noqa: A004

from . import (  # noqa: F401  (each registers its behaviours)
    body, chunks, connecting, echo, framing, good_http, good_json, head, json_meaning, json_text, redirects, retries, reuse,
    status, timing, truncated, utf8)
