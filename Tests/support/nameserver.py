"""A nameserver on 127.0.0.1:53 that resolves every name to this machine, or with --silent never answers.

Prints a line once it listens; ends when its standard input does.
"""

import socket
import struct
import sys
import threading

A, IN = 1, 1


def reply(query):
    end = query.index(0, 12) + 1
    kind = struct.unpack_from("!H", query, end)[0]
    question = query[12 : end + 4]
    answer = struct.pack("!HHHIH4s", 0xC00C, A, IN, 1, 4, bytes([127, 0, 0, 1])) if kind == A else b""
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if answer else 0, 0, 0) + question + answer


def serve(sock, is_silent):
    while True:
        query, client = sock.recvfrom(512)
        if not is_silent:
            sock.sendto(reply(query), client)


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, args=(sock, "--silent" in sys.argv[1:]), daemon=True).start()
    print("listening", flush=True)
    sys.stdin.read()


main()
