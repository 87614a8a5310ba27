"""Texts that look like JSON but are not, or not strictly. Each would permit if it were read leniently."""

from registry import BAD_REPLY, bad

ALLOW = b'"allowed":true'


def malformed(name, doc, body):
    def act(exchange):
        return exchange.reply(body)

    act.__doc__ = doc
    bad(f"json/{name}", BAD_REPLY)(act)


for name, doc, body in (
    # Repeated keys, whose meaning depends on the reader.
    ("key-twice-false-true", "A key twice: no, then yes.", b'{"allowed":false,"allowed":true}'),
    ("key-twice-true-false", "A key twice: yes, then no.", b'{"allowed":true,"allowed":false}'),
    ("key-twice-true-true", "A key twice, and both times yes.", b'{"allowed":true,"allowed":true}'),
    ("key-twice-escaped", "A key twice, once with escapes.", b'{"allowed":false,"\\u0061llowed":true}'),
    ("key-twice-all-escaped", "A key twice, in different escapes.",
     b'{"\\u0061llowed":false,"al\\u006cowed":true}'),
    ("key-twice-slash", "Another key twice, once with an escaped slash.", b'{"allowed":true,"a/b":1,"a\\/b":2}'),
    ("key-twice-other", "Another key twice.", b'{"allowed":true,"code":"ALLOW","code":"DEVICE_REVOKED"}'),
    ("key-twice-inside", "A key twice in an inner object.", b'{"allowed":true,"device":{"id":1,"id":2}}'),
    ("key-twice-deep", "A key twice, ten levels down.",
     b'{"allowed":true,"a":' + b'[' * 10 + b'{"b":1,"b":2}' + b']' * 10 + b'}'),
    ("key-empty-twice", "The empty key twice.", b'{"allowed":true,"":1,"":2}'),
    ("key-twice-beside-a-large-number", "A key twice, and a number of more than 64 bits.",
     b'{"limit":123456789012345678901234567890,"allowed":false,"allowed":true}'),

    # More than one text.
    ("two-objects", "Two objects: no, then yes.", b'{"allowed":false}{"allowed":true}'),
    ("two-objects-yes-first", "Two objects: yes, then no.", b'{"allowed":true}{"allowed":false}'),
    ("two-lines", "An object in each of two lines.", b'{"allowed":true}\n{"allowed":false}\n'),
    ("garbage-after", "A word after the end.", b'{"allowed":true}garbage'),
    ("brace-after", "A bracket after the end.", b'{"allowed":true}}'),
    ("comma-after", "A comma after the end.", b'{"allowed":true},'),
    ("semicolon-after", "A semicolon after the end.", b'{"allowed":true};'),
    ("html-after", "HTML after the end.", b'{"allowed":true}<!-- 12 ms -->'),
    ("number-after", "A number after the end.", b'{"allowed":true} 0'),
    ("guard-before", "The prefix against cross-site inclusion that some services send.", b")]}',\n{\"allowed\":true}"),
    ("jsonp", "JSON in a call.", b'callback({"allowed":true});'),
    ("assignment", "JSON in an assignment.", b'var reply = {"allowed":true}'),
    ("form-feed", "A form feed, which is not white space in JSON.", b'\x0c{"allowed":true}'),
    ("vertical-tab", "A vertical tab, which is not white space in JSON.", b'{\x0b"allowed":true}'),
    ("non-breaking-space", "A non-breaking space, which is not white space in JSON.", b'{\xc2\xa0"allowed":true}'),

    # Structure.
    ("no-end", "No closing bracket.", b'{"allowed":true'),
    ("no-beginning", "No opening bracket.", b'"allowed":true}'),
    ("wrong-end", "Closed by the wrong bracket.", b'{"allowed":true]'),
    ("comma-at-the-end", "A comma before the closing bracket.", b'{"allowed":true,}'),
    ("comma-first", "A comma after the opening bracket.", b'{,"allowed":true}'),
    ("comma-twice", "Two commas.", b'{"allowed":true,,"a":1}'),
    ("comma-missing", "No comma.", b'{"a":1 "allowed":true}'),
    ("colon-missing", "No colon.", b'{"allowed" true}'),
    ("colon-twice", "Two colons.", b'{"allowed"::true}'),
    ("equals-sign", "An equals sign instead of a colon.", b'{"allowed"=true}'),
    ("value-missing", "A key without a value.", b'{"allowed":true,"code":}'),
    ("key-missing", "A value without a key.", b'{"allowed":true,:1}'),
    ("key-is-a-number", "A number as a key.", b'{"allowed":true,1:2}'),
    ("key-unquoted", "A key without quotes.", b'{allowed:true}'),
    ("key-single-quotes", "Single quotes.", b"{'allowed':true}"),
    ("comment", "A comment.", b'{/* yes */"allowed":true}'),
    ("comment-line", "A comment to the end of the line.", b'{"allowed":true // yes\n}'),
    ("comment-hash", "A comment after a hash.", b'{"allowed":true # yes\n}'),

    # Values.
    ("true-capital", "True, as Python writes it.", b'{"allowed":True}'),
    ("true-capitals", "TRUE.", b'{"allowed":TRUE}'),
    ("true-cut", "tru.", b'{"allowed":tru}'),
    ("true-long", "truee.", b'{"allowed":truee}'),
    ("true-then-false", "truefalse.", b'{"allowed":truefalse}'),
    ("yes", "yes, as YAML writes it.", b'{"allowed":yes}'),
    ("not-a-number", "NaN.", b'{"allowed":true,"a":NaN}'),
    ("infinity", "Infinity.", b'{"allowed":true,"a":Infinity}'),
    ("undefined", "undefined.", b'{"allowed":true,"a":undefined}'),
    ("hexadecimal", "A hexadecimal number.", b'{"allowed":true,"a":0x1F}'),
    ("leading-zero", "A number with a zero in front.", b'{"allowed":true,"a":01}'),
    ("leading-plus", "A number with a plus in front.", b'{"allowed":true,"a":+1}'),
    ("leading-point", "A number without digits before its point.", b'{"allowed":true,"a":.5}'),
    ("trailing-point", "A number without digits after its point.", b'{"allowed":true,"a":1.}'),
    ("exponent-empty", "An exponent without digits.", b'{"allowed":true,"a":1e}'),
    ("minus-alone", "A minus without a number.", b'{"allowed":true,"a":-}'),
    ("number-too-large", "A number that is too large for a double.", b'{"allowed":true,"a":1e999}'),
    ("number-too-small", "A negative number that is too large for a double.", b'{"allowed":true,"a":-1e999}'),
    ("integer-100-kb", "An integer of 100,000 digits.", b'{"allowed":true,"a":' + b"7" * 100_000 + b"}"),
    ("exponent-100-kb", "An exponent of 100,000 digits.", b'{"allowed":true,"a":1e' + b"7" * 100_000 + b"}"),

    # Strings.
    ("string-open", "A string that does not end.", b'{"allowed":true,"code":"ALLOW}'),
    ("line-feed-in-string", "A line feed in a string.", b'{"allowed":true,"a":"b\nc"}'),
    ("tab-in-string", "A tab in a string.", b'{"allowed":true,"a":"b\tc"}'),
    ("control-in-string", "A control character in a string.", b'{"allowed":true,"a":"b\x01c"}'),
    ("escape-unknown", "An escape that does not exist.", b'{"allowed":true,"a":"\\x41"}'),
    ("escape-capital", "An escape in capitals.", b'{"allowed":true,"a":"\\N"}'),
    ("escape-cut", "An escape of three digits.", b'{"allowed":true,"a":"\\u004"}'),
    ("escape-not-hexadecimal", "An escape of letters.", b'{"allowed":true,"a":"\\uzzzz"}'),
    ("backslash-last", "A backslash before the quote that should end the string.", b'{"allowed":true,"a":"b\\"}'),

    # Roots that are neither an object nor an array.
    ("root-true", "Nothing but true.", b"true"),
    ("root-string", "Nothing but a string.", b'"allowed"'),
    ("root-string-of-json", "JSON inside a string.", b'"{\\"allowed\\":true}"'),
    ("root-number", "Nothing but a number.", b"1"),
    ("root-null", "Nothing but null.", b"null"),

    # Depth: with a recursive parser, each level takes stack of the calling thread.
    ("depth-100", "A hundred arrays inside each other.", b'{"allowed":true,"a":' + b"[" * 100 + b"]" * 100 + b"}"),
    ("depth-2000", "Two thousand arrays inside each other.",
     b'{"allowed":true,"a":' + b"[" * 2000 + b"]" * 2000 + b"}"),
    ("depth-2000-objects", "Two thousand objects inside each other.",
     b'{"allowed":true,"a":' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}"),
    ("depth-after-string", "A depth bomb after a string that holds an escaped quote.",
     b'{"allowed":true,"b":"\\\\\\"[","a":' + b"[" * 2000 + b"]" * 2000 + b"}"),
    ("depth-in-list", "A depth bomb among closing brackets.",
     b'{"allowed":true,"a":[' + b"[]," * 100 + b"[" * 1000 + b"]" * 1000 + b"]}"),
    ("depth-never-closed", "A hundred thousand arrays that never end.", b'{"allowed":true,"a":' + b"[" * 100_000),
    ("depth-only-closed", "A hundred thousand closing brackets.", b'{"allowed":true}' + b"]" * 100_000),
):
    malformed(name, doc, body)
