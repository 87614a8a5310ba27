"""Counts how often a file is opened, through inotify."""

import ctypes
import os
import select
import struct

IN_ACCESS, IN_CLOSE, IN_OPEN = 0x01, 0x18, 0x20


class Opens:
    """Counts while the context is active. The kernel merges equal consecutive events: successive reads have closes
    between them, but simultaneous reads may count as fewer.
    """

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init()
        mask = IN_OPEN | IN_ACCESS | IN_CLOSE
        if self._descriptor < 0 or libc.inotify_add_watch(self._descriptor, bytes(self._path), mask) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self.count = 0
        return self

    def __exit__(self, *_):
        while select.select([self._descriptor], [], [], 0)[0]:
            events = os.read(self._descriptor, 65536)
            masks = [mask for _, mask, _, _ in struct.iter_unpack("iIII", events)]
            self.count += sum(mask & IN_OPEN != 0 for mask in masks)
        os.close(self._descriptor)
