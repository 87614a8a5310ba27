"""Valid JSON in which `allowed` is not literally true where it should be.

Only validate looks for `allowed`: for every other operation these are answers.
"""

from registry import BAD_REPLY, OK, REFUSED, bad


def meaning(name, doc, body, *statuses, **traits):
    def act(exchange):
        return exchange.reply(body)

    act.__doc__ = doc
    bad(f"meaning/{name}", *statuses, **{"others": (OK,), **traits})(act)


for name, value in {
    "string-true": b'"true"', "string-capital": b'"True"', "string-yes": b'"yes"', "string-1": b'"1"', "string-empty": b'""',
    "string-false": b'"false"', "one": b"1", "one-point-zero": b"1.0", "minus-one": b"-1", "zero": b"0", "null": b"null",
    "array": b"[]", "array-of-true": b"[true]", "object": b"{}", "object-of-true": b'{"allowed":true}',
    "largest-integer": b"9223372036854775807",
}.items():
    meaning(f"value-{name}", f"`allowed` is {value.decode()}.", b'{"allowed":' + value + b',"code":"ALLOW"}', BAD_REPLY)

for name, key in {
    "capital": "Allowed", "capitals": "ALLOWED", "camel": "isAllowed", "short": "allow", "space-after": "allowed ",
    "space-before": " allowed", "tab-after": "allowed\\t", "line-feed-after": "allowed\\n", "zero-width-space": "allowed\u200b",
    "byte-order-mark": "\ufeffallowed", "soft-hyphen": "al\u00adlowed", "cyrillic": "\u0430llowed",
    "full-width": "\uff41\uff4c\uff4c\uff4f\uff57\uff45\uff44", "combining": "allowed\u0301",
    "quoted": "\\\"allowed\\\"", "path": "data.allowed",
    "empty": "", "long": "allowed" * 1000,
}.items():
    meaning(f"key-{name}", "The key is not quite `allowed`.", ('{"%s":true}' % key).encode(), BAD_REPLY)

for name, doc, body in (
    ("nothing", "An empty object.", b"{}"),
    ("code-only", "A code and no `allowed`.", b'{"code":"ALLOW","status":"ok"}'),
    ("nested", "`allowed` in an inner object.", b'{"data":{"allowed":true}}'),
    ("nested-in-array", "`allowed` in an object in an array.", b'{"results":[{"allowed":true}]}'),
    ("nested-in-prototype", "`allowed` in __proto__.", b'{"__proto__":{"allowed":true}}'),
    ("in-a-string", "`allowed` inside a string.", b'{"note":"{\\"allowed\\":true}"}'),
    ("in-an-open-string", "`allowed` in a string that seems to end before it.", b'{"note":"\\",\\"allowed\\":true,\\""}'),
    ("as-a-value", "`allowed` as a value.", b'{"key":"allowed","value":true}'),
):
    meaning(name, doc, body, BAD_REPLY)

for name, doc, body in (
    ("array-of-an-object", "A permission in an array.", b'[{"allowed":true}]'),
    ("array-of-true", "An array of true.", b"[true]"),
    ("array-empty", "An empty array.", b"[]"),
    ("array-of-pairs", "Keys and values in arrays.", b'[["allowed",true]]'),
):
    meaning(name, doc, body, BAD_REPLY)

# Denials are decisions, whatever else they contain.
for name, doc, body in (
    ("denied", "A denial.", b'{"allowed":false,"code":"DEVICE_REVOKED"}'),
    ("denied-code-allow", "A denial with the code of a permission.", b'{"allowed":false,"code":"ALLOW","status":"ok"}'),
    ("denied-other-case", "A denial, and a permission in capitals.", b'{"allowed":false,"ALLOWED":true}'),
    ("denied-nested", "A denial, and a permission in an inner object.", b'{"allowed":false,"data":{"allowed":true}}'),
    ("denied-nested-first", "A permission in an inner object, and then a denial.",
     b'{"data":{"allowed":true},"allowed":false}'),
    ("denied-in-a-string", "A denial, and a permission in a string.", b'{"allowed":false,"note":"\\"allowed\\":true"}'),
    ("denied-prefix", "A denial, and keys that begin with allowed.",
     b'{"allowed":false,"allowed_":true,"allowed\\t":true,"allowedX":true}'),
):
    meaning(name, doc, body, OK)

# Older servers refuse a registration with HTTP 200.
for word in ("blocked", "limit_reached"):
    meaning(f"registration-{word.replace('_', '-')}", f"A registration that is refused with HTTP 200 and {word}.",
            b'{"status":"%b","error":"device_limit_reached"}' % word.encode(), BAD_REPLY,
            by_operation={"register": [REFUSED]})


# HTTP/1.1 does not number its requests. If a reply names a device, it must be the one asked about.
for name, doc, other in (
    ("other-device", "A permission for another device.", "somebody-else"),
    ("no-device", "A permission for a device without a name.", ""),
):
    meaning(name, doc, b'{"allowed":true,"deviceId":"%b"}' % other.encode(), BAD_REPLY, others=(BAD_REPLY,),
            operations=("validate", "validate_many", "guard_start", "register", "revoke", "unrevoke", "restore", "remove"))
