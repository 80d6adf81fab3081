"""A running LibreTranslate that serves one Argos package and downloads nothing."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_S = 30


class LibreTranslate:
    """LibreTranslate's own command, with its own server, on a free port of this machine.

    Args:
        python: of an environment with LibreTranslate.
        packages: folder of Argos packages.
        options: of its command line.
        environment: what else it is to find there, such as ARGOS_BEAM_SIZE.
    """

    def __init__(
        self, python: str, packages: Path, options: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        # An index of packages without any: what is installed is all there is.
        (folder / "index.json").write_text("[]")
        self._log = (folder / "log").open("w+")
        self.host, self.port = "127.0.0.1", _free_port()
        homes = {
            name: str(folder) for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
        }
        own = {
            "ARGOS_PACKAGES_DIR": str(packages), "ARGOS_PACKAGE_INDEX": f"{folder.as_uri()}/",
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        command = [
            python, "-m", "libretranslate.main", "--host", self.host, "--port", str(self.port),
            "--load-only", "ko,en", "--disable-web-ui", "--disable-files-translation", *options,
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, env={**os.environ, **homes, **own, **environment},
            cwd=folder, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def log(self) -> str:
        """Gives what it wrote so far."""
        return Path(self._log.name).read_text()

    def stop(self) -> int:
        """Ends it; gives the exit code."""
        self.process.terminate()
        code = self.process.wait(STOP_S)
        self._log.close()
        self._folder.cleanup()
        return code


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
