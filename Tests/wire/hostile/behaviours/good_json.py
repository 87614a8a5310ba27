"""JSON as real servers write it. A client must accept all of it and return it byte for byte."""

import json

from registry import good


def formed(name, doc, make):
    """The right answer, written differently."""

    def act(exchange):
        return exchange.reply(make(exchange.real))

    act.__doc__ = doc
    good(f"good/json-{name}", reuses=True)(act)


def adding(**fields):
    return lambda real: json.dumps({**json.loads(real), **fields}, ensure_ascii=False).encode()


formed("pretty", "With line ends and tabs.", lambda real: json.dumps(json.loads(real), indent="\t").encode())
formed("line-end-after", "A line end after the text.", lambda real: real + b"\n")
formed("space-around", "White space around the text.", lambda real: b"\r\n\t  " + real + b"  \r\n")
formed("space-4-kb", "4 KB of white space before the text.", lambda real: b" " * 4096 + real)
formed("carriage-returns", "Windows line ends.",
       lambda real: json.dumps(json.loads(real), indent=2).replace("\n", "\r\n").encode())
formed("keys-reversed", "The keys in another order.",
       lambda real: json.dumps(dict(reversed(json.loads(real).items()))).encode())
formed("key-escaped", "A key written with escapes, which is the same key.",
       lambda real: real.replace(b'"allowed"', b'"\\u0061\\u006Clowed"').replace(b'"status"', b'"st\\u0061tus"'))
formed("slashes-escaped", "Slashes escaped, as PHP does.", lambda real: real.replace(b"/", b"\\/"))
formed("unknown-fields", "Unknown fields.",
       adding(trace={"spans": [1, 2.5, None, True], "note": "allowed"}, v2=True, allow=False, Allowed=False))
formed("unknown-code", "An unknown code.", adding(code="ALLOWED_BY_ORG_SWITCH_V7"))
formed("code-not-a-string", "A code that is not a string.", adding(code=200))
formed("code-null", "No code and no request id.", adding(code=None, request_id=None))
formed("unicode", "Text from all of Unicode.", adding(name="Z\u00fcrich \u65e5\u672c \U0001F916 \u200b\u202e\ufeff"))
formed("unicode-escaped", "Escapes, with a pair of surrogates.",
       lambda real: real[:-1] + b',"name":"\\u005A\\u00fc \\ud83e\\udd16 \\" \\\\ \\/ \\b\\f\\n\\r\\t"}')
formed("empty-key", "An empty key.", adding(**{"": 1}))
formed("prototype", "Keys that are special in JavaScript.",
       adding(**{"__proto__": {"allowed": False}, "constructor": None}))
formed("numbers", "Numbers of every form.",
       lambda real: real[:-1] + b',"n":[0,-0,1,-1,0.5,1e3,1E+3,1e-3,-0.0,9223372036854775807,-9223372036854775808,1e308,1e-400]}')
formed("large-integers", "Integers that do not fit into 64 bits, as other languages write them.",
       lambda real: real[:-1] + b',"n":[18446744073709551615,-9223372036854775809,99999999999999999999]}')
formed("digits", "A real number with a thousand digits.", lambda real: real[:-1] + b',"n":3.' + b"14" * 500 + b"}")
formed("depth-50", "Arrays, fifty deep.", lambda real: real[:-1] + b',"a":' + b"[" * 50 + b"]" * 50 + b"}")
formed("many-brackets", "A thousand objects side by side.", lambda real: real[:-1] + b',"a":[' + b"{}," * 999 + b"{}]}")
formed("brackets-in-strings", "A thousand brackets in strings, some after escaped quotes.",
       lambda real: real[:-1] + b',"a":"' + b"[" * 500 + b'","b":"\\"' + b"{" * 500 + b'\\\\"}')
formed("same-key-at-other-depths", "The same key in other objects.",
       lambda real: real[:-1] + b',"a":{"status":{"status":{"allowed":false}}},"b":[{"a":1},{"a":2}]}')
formed("50-kb", "A reply of 50 KB.", adding(note="x" * 50_000))
