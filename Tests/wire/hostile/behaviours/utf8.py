"""Bytes that are not UTF-8, which JSON must be."""

from registry import BAD_REPLY, bad
from replies import STRAY

TEXT = STRAY.decode()


def encoded(name, doc, body, type="application/json"):
    def act(exchange):
        return exchange.reply(body, type=type)

    act.__doc__ = doc
    bad(f"utf8/{name}", BAD_REPLY)(act)


def within(name, doc, value):
    """Puts these bytes inside a string."""
    encoded(name, doc, b'{"allowed":true,"name":"' + value + b'"}')


within("latin-1", "A string in Latin-1.", "Z\u00fcrich".encode("latin-1"))
within("continuation-alone", "A continuation byte alone.", b"a\x80b")
within("continuation-missing", "A sequence without its second byte.", b"a\xc3(")
within("cut-at-quote", "A sequence that runs into the closing quote.", b"\xe2\x82")
within("overlong-2", "A quote in two bytes.", b"\xc0\xa2")
within("overlong-3", "A slash in three bytes.", b"\xe0\x80\xaf")
within("overlong-4", "A euro sign in four bytes.", b"\xf0\x82\x82\xac")
within("overlong-nul", "A NUL in two bytes, as Java writes it.", b"a\xc0\x80b")
within("surrogate", "A surrogate.", b"\xed\xa0\x80")
within("surrogate-pair", "A pair of surrogates, three bytes each (CESU-8).", b"\xed\xa0\xbd\xed\xb8\x80")
within("above-unicode", "A code point above the last one.", b"\xf4\x90\x80\x80")
within("five-bytes", "A sequence of five bytes.", b"\xf8\x88\x80\x80\x80")
within("byte-ff", "The byte 0xFF.", b"\xff")
within("byte-fe", "The byte 0xFE.", b"\xfe")
within("nul", "A NUL.", b"a\0b")
within("nul-escaped", "An escaped NUL, which no C string can hold.", b"a\\u0000b")
within("surrogate-escaped-high", "An escaped high surrogate alone.", b"\\ud83d")
within("surrogate-escaped-low", "An escaped low surrogate alone.", b"\\ude00")
within("surrogate-escaped-reversed", "An escaped pair of surrogates in the wrong order.", b"\\ude00\\ud83d")
within("surrogate-escaped-twice", "Two escaped high surrogates.", b"\\ud83d\\ud83d")
within("surrogate-escaped-then-text", "An escaped high surrogate before a letter.", b"\\ud83dx")

encoded("nul-in-key", "A NUL in a key.", b'{"allowed\0":true}')
encoded("nul-in-key-escaped", "An escaped NUL in a key, which ends it for C.", b'{"allowed\\u0000":true}')
encoded("nul-in-key-escaped-denied", "A denial, and the same key with an escaped NUL.",
        b'{"allowed":false,"allowed\\u0000x":true}')
encoded("nul-before", "A NUL before the text.", b"\0" + STRAY)
encoded("nul-after", "A NUL after the text.", STRAY + b"\0")
encoded("nul-between", "A permission, a NUL, and a denial.", STRAY + b'\0{"allowed":false}')
encoded("nul-after-key", "A NUL between key and colon.", b'{"allowed"\0:true}')
encoded("byte-order-mark", "A byte order mark.", b"\xef\xbb\xbf" + STRAY)
encoded("byte-order-mark-after", "A byte order mark at the end.", STRAY + b"\xef\xbb\xbf")
encoded("utf-16", "UTF-16 with its mark.", TEXT.encode("utf-16"), "application/json; charset=utf-16")
encoded("utf-16-le", "UTF-16 without a mark.", TEXT.encode("utf-16-le"), "application/json; charset=utf-16")
encoded("utf-32", "UTF-32.", TEXT.encode("utf-32-be"), "application/json; charset=utf-32")
encoded("utf-7", "UTF-7.", b'{+ACI-allowed+ACI-:true}', "application/json; charset=utf-7")
encoded("ebcdic", "EBCDIC.", TEXT.encode("cp037"), "application/json; charset=cp037")
