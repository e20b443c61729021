"""Secrets, from where they are kept: files, systemd's credentials, the environment, or, with a warning, here."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from monitor.config.report import Report
from monitor.config.source import Place

#: No token or key is longer; the rest of a larger file is not worth reading.
_LIMIT = 64 * 1024


class Secrets:
    """Reads secrets, and notes which files they came from. No message ever holds one."""

    def __init__(self, environment: Mapping[str, str], report: Report) -> None:
        self._environment, self._report = environment, report
        self.files: list[Path] = []

    def take(
        self, place: Place, stem: str, *, inside: str | None, file: str | None, variable: str | None
    ) -> str | None:
        """Return the secret that ``stem``, ``stem_file`` or ``stem_env`` gives; None where none does, or a fault."""
        given = [name for name, value in ((stem, inside), (f"{stem}_file", file), (f"{stem}_env", variable)) if value]
        if len(given) > 1:
            self._report.fault(place.at(given[1]), f"{given[0]} gives it already", "keep one of them")
        if file:
            return self._from_file(place.at(f"{stem}_file"), file)
        if variable:
            return self._from_environment(place.at(f"{stem}_env"), variable)
        return inside

    def warn_of(self, place: Place, stem: str) -> None:
        """Warn that a secret stands in the config itself."""
        cure = f"move it to a file, and name that as {stem}_file"
        self._report.warn(place, "a secret stands in the config itself", cure)

    def _from_environment(self, place: Place, variable: str) -> str | None:
        if not variable.isidentifier():
            self._report.fault(place, "is not the name of a variable", 'write such as "DESK_URL"')
        elif variable not in self._environment:
            self._report.fault(place, f"{variable} is not set in the environment", "set it, or use a file")
        elif not self._environment[variable].strip():
            self._report.fault(place, f"{variable} is empty", "set it to the secret")
        else:
            return self._environment[variable].strip()
        return None

    def _from_file(self, place: Place, name: str) -> str | None:
        if "://" in name or "\n" in name or "\0" in name:
            self._report.fault(place, "is not the name of a file", "put what stands here into a file, and name that")
            return None
        tried = [*self._credential(name), place.beside(name)]
        path = next((path for path in tried if path.is_file()), tried[-1])
        self.files.append(path)
        try:
            return self._read(place, path)
        except FileNotFoundError:
            self._report.fault(place, f"no such file: {' or '.join(map(str, tried))}", "write the secret into it")
        except UnicodeDecodeError:
            self._report.fault(place, f"{path} is not text", "write the secret into it, and nothing else")
        except OSError as error:
            self._report.fault(place, f"{path} cannot be read: {error.strerror}")
        return None

    def _credential(self, name: str) -> list[Path]:
        """Return where systemd keeps a credential of this name (systemd.exec(5), Credentials)."""
        folder = self._environment.get("CREDENTIALS_DIRECTORY")
        return [Path(folder) / name] if folder and "/" not in name else []

    def _read(self, place: Place, path: Path) -> str | None:
        with path.open("rb") as file:
            text = file.read(_LIMIT).decode().strip()
        if not text:
            self._report.fault(place, f"{path} is empty", "write the secret into it")
            return None
        if path.stat().st_mode & stat.S_IROTH:
            self._report.warn(place, f"anybody on this machine can read {path}", f"chmod o-r {path}")
        return text
