"""Downloads of free corpora: resumed after an interruption, checked against published checksums, unpacked."""

import gzip
import hashlib
import shutil
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from cocktail.corpora.layout import Archive, Corpus, Part
from cocktail.errors import CocktailError

ATTEMPTS = 5
"""Attempts to download an archive; what was received is kept from one to the next."""
WAIT_S = 2.0
"""Seconds before the second attempt; twice as long before each further one."""
TIMEOUT_S = 60.0
"""Without a byte."""
CHUNK = 1 << 16
"""Bytes written at a time: at most so much is lost when a connection breaks."""

Progress = Callable[[str, int, int | None], None]
"""Called with an archive's name, and its bytes so far and in all (None where the server does not say)."""


def download(corpus: Corpus, parts: Iterable[Part], path: Path, progress: Progress | None = None) -> None:
    """Fetch the archives of some parts into the folder `path` and unpack them there; then the archives are deleted.

    An archive that is still there was not unpacked completely, and is unpacked again. Raises CocktailError where a part
    is not free, or an archive cannot be downloaded or is broken.
    """
    archives: dict[str, Archive] = {}
    for part in parts:
        if not part.archives:
            raise CocktailError(f"{corpus.name}: {part.name} cannot be downloaded here: get it from {corpus.home}")
        archives |= {archive.url: archive for archive in part.archives}
    for archive in archives.values():
        file = fetch(archive.url, place(corpus, archive, path), md5=archive.md5, progress=progress)
        unpack(file, path)
        file.unlink()


def place(corpus: Corpus, archive: Archive, path: Path) -> Path:
    """Where an archive lies until it is unpacked in the folder `path`."""
    return path / f"{corpus.name}-{archive.url.rpartition('/')[2]}"


def fetch(
    url: str,
    path: Path,
    *,
    md5: str | None = None,
    progress: Progress | None = None,
    attempts: int = ATTEMPTS,
    wait_s: float = WAIT_S,
) -> Path:
    """Download `url` to `path`, which is complete and has that MD5, or absent; what was received so far is in
    `path`.part.

    Raises CocktailError where the server refuses, the connection breaks `attempts` times, the disk has no space,
    or the checksum is wrong (the file is then deleted).
    """
    partial = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        for attempt in range(attempts):
            if attempt:
                time.sleep(wait_s * 2 ** (attempt - 1))
            cut = _receive(url, partial, progress)
            if cut is None:
                break
        else:
            here = partial.stat().st_size if partial.is_file() else 0
            raise CocktailError(
                f"{url}: {cut}; {here} bytes were received and are kept, run the same command to resume"
            )
        partial.replace(path)
    _verify(url, path, md5)
    return path


def _receive(url, partial, progress) -> str | None:
    """Resume a download. None if it is complete, otherwise what interrupted it. Raises CocktailError if it cannot
    succeed.
    """
    import requests

    start = partial.stat().st_size if partial.is_file() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code == 416 and answer.headers.get("Content-Range") == f"bytes */{start}":
                return None
            if answer.status_code == 416:
                partial.unlink()
                return "the server has another file than the one that was begun"
            if answer.status_code >= 500:
                return f"the server says {answer.status_code} {answer.reason}"
            if answer.status_code not in (200, 206):
                raise CocktailError(f"{url}: the server says {answer.status_code} {answer.reason}")
            resumed = answer.status_code == 206
            _write(answer, partial, start if resumed else 0, progress)
    except requests.RequestException as error:
        return f"the connection broke ({type(error).__name__})"
    return None


def _write(answer, partial, start, progress):
    """Append the body of an answer to the `start` bytes received before."""
    length = answer.headers.get("Content-Length")
    total = None if length is None else start + int(length)
    free = shutil.disk_usage(partial.parent).free
    if length is not None and int(length) > free:
        raise CocktailError(f"{partial.parent}: {int(length)} bytes are needed, and {free} are free")
    with partial.open("ab" if start else "wb") as file:
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)
            if progress is not None:
                progress(partial.stem, file.tell(), total)


def _verify(url, path, md5):
    if md5 is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    if digest != md5:
        path.unlink()
        raise CocktailError(f"{url}: its MD5 is {digest} and should be {md5}; it was deleted")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a ZIP or TAR archive into a folder, and nothing outside it.

    Raises CocktailError where it is broken, and deletes it then.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter="data")
                while file.fileobj.read(CHUNK):  # to the end, where the checksum of a compressed file is
                    pass
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, tarfile.TarError, EOFError) as error:
        archive.unlink()
        raise CocktailError(f"{archive}: not a whole archive ({error}); it was deleted, download it again") from error
