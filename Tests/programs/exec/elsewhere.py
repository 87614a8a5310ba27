"""machineid-exec and its programs where other users may run them."""

import shutil

from supervised import EXEC

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# A Python that every user may run.
PYTHON = shutil.which("python3", path="/usr/bin:/bin")


class Elsewhere:
    """A folder with machineid-exec and the library, which it finds from its own place."""

    def __init__(self, folder, library):
        self.folder = folder
        for name in ("bin", "lib", "work"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777 if name == "work" else 0o755)
        self.exec = self.put(EXEC)
        shutil.copy(library / "libmachineid.so.0", folder / "lib")
        (folder / "lib/libmachineid.so.0").chmod(0o755)
        self.work = folder / "work"

    def put(self, file, mode=0o755):
        """Copies a program, which every user may run."""
        place = self.folder / "bin" / file.name
        shutil.copy(file, place)
        place.chmod(mode)
        return place
