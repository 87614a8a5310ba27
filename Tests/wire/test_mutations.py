"""Breaks one rule of the fail-closed reading at a time, in a copy of the sources, and checks that the tests notice. The
tests of a rule must pass before it is broken."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from commands import outcome, tail
from project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.early, pytest.mark.xdist_group("mutations")]

# For each rule: its file, its code, the code that replaces it, and the tests that must notice. These are patterns of
# behaviours of the hostile authority, or "tls" followed by names of modules, or tests as pytest takes them.
RULES = {
    "allowed-first": (
        "ABI/Exports.swift",
        "allowed?.pointee = 0\n    return validate(",
        "return validate(",
        ["json/*"],
    ),
    "flags-first": (
        "Client/Batch.swift",
        "memset(allowed, 0, count &* MemoryLayout<Int32>.stride)",
        "_ = allowed",
        ["json/*"],
    ),
    "only-an-allow": (
        "ABI/Boundary.swift",
        "if result.isAllowed { allowed.pointee = 1 }",
        "allowed.pointee = 1",
        ["meaning/*"],
    ),
    "only-an-allow-of-many": (
        "Client/BatchResults.swift",
        "if answer.isAllowed { allowed[index] = 1 }",
        "allowed[index] = 1",
        ["meaning/*"],
    ),
    "status-line": (
        "Reply/HeaderLine.swift",
        "text.count == 12 || text.start[12] == 0x20",
        "text.count >= 12",
        ["head/*"],
    ),
    "protocol": (
        "Reply/HeaderLine.swift",
        "memcmp(text.start, protocolName.cString, 7) == 0",
        "strncasecmp(text.start, protocolName.cString, 7) == 0",
        ["head/*"],
    ),
    "malformed-line": (
        "Reply/ReplyHead.swift",
        "guard let (name, value) = line.field else { return .malformedLine }",
        "guard let (name, value) = line.field else { return nil }",
        ["head/*"],
    ),
    "transfer-encoding": (
        "Reply/ReplyHead.swift",
        'guard !isChunked, value.matches("chunked") else { return .transferEncoding }',
        'guard !isChunked, value.matches("chunked") else { return nil }',
        ["framing/*", "body/transfer*"],
    ),
    "content-encoding": (
        "Reply/ReplyHead.swift",
        "return ContentEncoding.fault(value)",
        "return nil",
        ["framing/*", "body/gzip*"],
    ),
    "lengths-agree": (
        "Reply/ReplyHead.swift",
        "contentLength ?? length == length",
        "length >= 0",
        ["framing/*"],
    ),
    "length-beside-chunks": (
        "Reply/ReplyHead.swift",
        "if isChunked, contentLength != nil { return .ambiguousLength }",
        "",
        ["framing/*"],
    ),
    "head-complete": (
        "Reply/ReplyHead.swift",
        "guard isComplete, !isCut else { return false }",
        "",
        ["head/*"],
    ),
    "head-bytes": (
        "Reply/ReplyHead.swift",
        "if bytes > ReplyHead.maximumBytes { return .tooLarge }",
        "",
        ["head/*"],
    ),
    "head-lines": (
        "Reply/ReplyHead.swift",
        "if lines > ReplyHead.maximumLines { return .tooManyLines }",
        "",
        ["head/*"],
    ),
    "interim-length": (
        "Reply/ReplyHead.swift",
        "if isChunked || contentLength != nil { return .ambiguousLength }",
        "",
        ["head/*"],
    ),
    "old-chunks": (
        "Reply/ReplyHead.swift",
        "if isChunked, isOldHTTP { return .transferEncoding }",
        "",
        ["framing/*"],
    ),
    "text-after-a-size": (
        "Reply/ChunkReader.swift",
        "default: return nil",
        "default: return .blankAfterSize",
        ["chunks/*"],
    ),
    "extension-length": (
        "Reply/ChunkReader.swift",
        "isText(byte) && lineBytes < ChunkReader.longestSizeLine",
        "isText(byte)",
        ["chunks/*"],
    ),
    "last-chunk": (
        "Transport/Exchange.swift",
        "if head.isChunked, head.mayHaveBody, !content.pointee.chunks.isAtEnd { return false }",
        "",
        ["chunks/*"],
    ),
    "body-bytes": (
        "Transport/Exchange.swift",
        "if content.pointee.reply.count &+ count > content.pointee.endpoint.maximumReplyBytes {",
        "if count < 0 {",
        ["body/*"],
    ),
    "nesting": (
        "JSON/JSONShape.swift",
        "openings > depth ? walk(depth) : nil",
        "openings < depth ? walk(depth) : nil",
        ["json/*"],
    ),
    "second-value": (
        "JSON/JSON.swift",
        "Int(JSON_REJECT_DUPLICATES), &error",
        "Int(JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK), &error",
        ["json/*"],
    ),
    "repeated-keys": (
        "JSON/JSON.swift",
        "Int(JSON_REJECT_DUPLICATES), &error",
        "0, &error",
        ["json/*"],
    ),
    "repeated-keys-beside-a-large-number": (
        "JSON/JSON.swift",
        "JSON_REJECT_DUPLICATES |",
        "",
        ["json/*"],
    ),
    "boolean": (
        "Reply/Answer.swift",
        "allowed.isTrue || allowed.isFalse",
        "!allowed.isObject",
        ["meaning/*"],
    ),
    "other-device": (
        "Reply/Answer.swift",
        "!names(named, device)",
        "named == device",
        ["meaning/*"],
    ),
    "error-status": (
        "Reply/Answer.swift",
        "case 400...499: true",
        "case 400...499: false",
        ["status/*"],
    ),
    "outage": (
        "Reply/Answer.swift",
        "throw outage.failure(retryAfter: retryAfter)",
        "_ = outage",
        ["status/*"],
    ),
    "outage-status": (
        "Reply/Outage.swift",
        "case 408, 429, 500...599:",
        "case 429, 500...599:",
        ["status/*"],
    ),
    "outage-for-another": (
        "Reply/Answer.swift",
        "throw aboutAnother(httpStatus)\n            }\n            throw outage",
        "_ = device\n            }\n            throw outage",
        ["status/*"],
    ),
    "outage-for-good": (
        "Reply/Outage.swift",
        "httpStatus != 501 && httpStatus != 505",
        "true",
        ["retries/*"],
    ),
    "outage-of-a-connection": (
        "Transport/AttemptResult.swift",
        "outage?.isAboutConnection ?? false",
        "false",
        ["retries/*"],
    ),
    "part-of-a-reply": (
        "Reply/Answer.swift",
        "case 206: nil",
        "case 206: false",
        ["status/*"],
    ),
    "redirect": (
        "Reply/Answer.swift",
        "case 400...499: true\n    default: nil",
        "case 400...499: true\n    default: false",
        ["redirects/*"],
    ),
    "bytes-before-the-request": (
        "Transport/Exchange.swift",
        "if holdsBytes { return CURL_PREREQFUNC_ABORT }",
        "_ = holdsBytes",
        ["tls", "late_replies"],
    ),
    "after-a-bad-reply": (
        "Transport/TransferLease.swift",
        "if error.status != .unavailable { exchange.shared.pointee.sockets.retireAll() }",
        "",
        ["Tests/contract/test_operations.py::test_repeated"],
    ),
    "certificate": (
        "Transport/Curl/Easy.swift",
        "options.set(CURLOPT_SSL_VERIFYPEER, 1)",
        "options.set(CURLOPT_SSL_VERIFYPEER, 0)",
        ["tls", "authorities"],
    ),
    "name-in-the-certificate": (
        "Transport/Curl/Easy.swift",
        "options.set(CURLOPT_SSL_VERIFYHOST, 2)",
        "options.set(CURLOPT_SSL_VERIFYHOST, 0)",
        ["tls", "trust"],
    ),
    "tls-version": (
        "Transport/Curl/Easy.swift",
        "options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))",
        "options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_0))",
        ["tls", "versions"],
    ),
    "end-over-tls": (
        "Transport/Exchange.swift",
        "shared.pointee.isSecure && content.pointee.head",
        "!shared.pointee.isSecure && content.pointee.head",
        ["tls", "truncation"],
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the sources, built as they are."""
    copy = tmp_path_factory.mktemp("mutations")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["xargs", "-0", "cp", "--parents", "-t", copy], input=files, cwd=ROOT, check=True)
    result = build(copy)
    assert result.returncode == 0, tail(result.stdout, 20)
    shutil.copytree(copy / "build/lib", copy / "whole", symlinks=True)
    return copy


def build(copy):
    return outcome("script/build", cwd=copy, seconds=1800)


def start_tests(copy, names):
    """Runs these tests with the library in the copy."""
    # Without -c pytest would take the folder of the copy for the root, since it is named here.
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pytest.ini", "-p", "no:cacheprovider"]
    command += ["--library", copy / "build/lib"]
    if names[0] == "tls":
        command += [f"Tests/wire/tls/test_{name}.py" for name in names[1:]]
    elif names[0].startswith("Tests/"):
        command += names
    else:
        command += ["Tests/wire/test_hostile.py", *(part for name in names for part in ("--behaviours", name))]
    return outcome(*command, environment={"CHECK_SLACK_MS": os.environ.get("CHECK_SLACK_MS", "500")}, seconds=1800)


@pytest.fixture
def whole(copy):
    """The copy with every rule intact. Afterwards the broken rule is restored."""
    shutil.rmtree(copy / "build/lib")
    shutil.copytree(copy / "whole", copy / "build/lib", symlinks=True)
    yield copy
    shutil.copytree(ROOT / "Sources", copy / "Sources", dirs_exist_ok=True)


@pytest.mark.parametrize("rule", RULES)
def test_rule(whole, rule):
    file, before, after, names = RULES[rule]
    result = start_tests(whole, names)
    assert result.returncode == 0, f"the tests pass before it is broken: {tail(result.stdout)}"
    path = whole / "Sources/MachineIDC" / file
    text = path.read_text()
    assert text.count(before) == 1, (
        f"the rule is where this test looks for it: it occurs {text.count(before)} times in {file}"
    )
    path.write_text(text.replace(before, after))
    result = build(whole)
    assert result.returncode == 0, f"it builds: {tail(result.stdout, 20)}"
    result = start_tests(whole, names)
    assert result.returncode != 0, f"no test notices: {tail(result.stdout)}"
    # A test that does not run to its end has noticed nothing.
    assert re.search("^checks in the tests: [0-9]+ passed, [1-9]", result.stdout, re.M), tail(result.stdout)
