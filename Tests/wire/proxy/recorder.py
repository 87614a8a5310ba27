"""A proxy that records every byte it sees, and can be made to misbehave. It can speak TLS and SOCKS."""

import asyncio
import contextlib
import threading


class Recorder:
    """A proxy on 127.0.0.1, in a thread of its own. It tunnels unless `answer` is set.

    answer   replies to a CONNECT instead of tunnelling; a function of the client's reader and writer
    context  speak TLS with the client
    gathers  pass the server's bytes on in one piece, once no more have come for this many seconds
    """

    def __init__(self, context=None, answer=None, gathers=0):
        self.answer = answer
        self.connections = 0
        self.targets = []
        # The heads of the requests to the proxy itself, and all bytes from clients.
        self.heads = b""
        self.received = b""
        self._gathers = gathers
        self._scheme = "https" if context else "http"
        self._loop = asyncio.new_event_loop()
        started = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self._server = self._loop.run_until_complete(started)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self):
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.connections += 1
        # Clients may leave at any time, and the test may end before they do.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            target = await self._accept_request(reader, writer)
            if self.answer:
                await self.answer(reader, writer)
            else:
                await self.tunnel(target, reader, writer)
        writer.close()

    async def _accept_request(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads += head
        self.received += head
        method, target, _ = head.split(b" ", 2)
        if method != b"CONNECT":
            raise ConnectionError(f"the client asks for {method}, not for a tunnel")
        self.targets.append(target.decode())
        return target.decode()

    async def tunnel(self, target, reader, writer):
        host, _, port = target.rpartition(":")
        server_reader, server_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        await self._report_open(writer)
        there = asyncio.create_task(self._pump(reader, server_writer, True))
        back = asyncio.create_task(self._pump(server_reader, writer, False))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
            server_writer.close()

    async def _report_open(self, writer):
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    async def _pump(self, reader, writer, is_client):
        while data := await reader.read(65536):
            if is_client:
                self.received += data
            elif self._gathers:
                with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                    while more := await asyncio.wait_for(reader.read(65536), self._gathers):
                        data += more
            writer.write(data)
            await writer.drain()


class Socks(Recorder):
    """SOCKS 5, without a password."""

    @property
    def url(self):
        return f"socks5h://127.0.0.1:{self.port}"

    async def _accept_request(self, reader, writer):
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        length = 4 if kind == 1 else (await reader.readexactly(1))[0]
        name = await reader.readexactly(length)
        host = ".".join(map(str, name)) if kind == 1 else name.decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.targets.append(f"{host}:{port}")
        return self.targets[-1]

    async def _report_open(self, writer):
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
