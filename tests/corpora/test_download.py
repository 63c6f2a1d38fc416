"""Downloads from a server on this machine that cuts connections, serves other files, or has none."""

import hashlib
import io
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import published_trees as trees
import pytest
from click.testing import CliRunner

from cocktail.cli import main
from cocktail.corpora.download import ATTEMPTS, CHUNK, download, fetch, unpack
from cocktail.corpora.layout import Archive, Corpus, Part
from cocktail.corpora.published import librispeech
from cocktail.errors import CocktailError

BODY = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves `server.files`; the first of `server.faults` happens to each answer in turn."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        fault = server.faults.pop(0) if server.faults else None
        body = server.files.get(self.path)
        if body is None or isinstance(fault, int):
            self.send_error(fault or 404)
            return
        start = 0
        if "Range" in self.headers and server.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cut = int(fault.removeprefix("cut ")) if fault else len(body)
        self.wfile.write(body[start : start + cut])


@pytest.fixture
def server(monkeypatch):
    """The server; `server.url` is where /file is."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.files, found.faults, found.asked, found.ranges = {"/file": BODY}, [], [], True
    found.root = f"http://127.0.0.1:{found.server_port}"
    found.url = f"{found.root}/file"
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def get(server, path, **options):
    return fetch(server.url, path, wait_s=0, **options)


class TestFetch:
    def test_a_whole_file(self, server, tmp_path):
        seen = []
        path = get(server, tmp_path / "new" / "file", md5=MD5, progress=lambda *line: seen.append(line))
        assert path.read_bytes() == BODY
        assert seen[-1] == ("file", len(BODY), len(BODY))
        assert [x.name for x in path.parent.iterdir()] == ["file"]

    def test_what_is_there_is_not_fetched_again(self, server, tmp_path):
        get(server, tmp_path / "file", md5=MD5)
        get(server, tmp_path / "file", md5=MD5)
        assert len(server.asked) == 1

    def test_a_cut_connection_goes_on_where_it_was_cut(self, server, tmp_path):
        server.faults = ["cut 140000", "cut 70000"]
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY
        assert server.asked == [None, f"bytes={2 * CHUNK}-", f"bytes={3 * CHUNK}-"]

    def test_a_later_call_goes_on_too(self, server, tmp_path):
        server.faults = ["cut 140000", "cut 70000"]
        with pytest.raises(CocktailError, match=f"the connection broke .*{3 * CHUNK} bytes were received and are kept"):
            get(server, tmp_path / "file", md5=MD5, attempts=2)
        assert not (tmp_path / "file").exists()
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY
        assert server.asked[-1] == f"bytes={3 * CHUNK}-"

    def test_a_server_without_ranges_begins_again(self, server, tmp_path):
        server.ranges, server.faults = False, ["cut 100000"]
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY

    def test_all_had_come_before_it_was_renamed(self, server, tmp_path):
        (tmp_path / "file.part").write_bytes(BODY)
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY

    def test_more_than_the_file_had_come(self, server, tmp_path):
        (tmp_path / "file.part").write_bytes(BODY + b"more")
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY

    def test_a_busy_server_is_asked_again(self, server, tmp_path):
        server.faults = [503, 500]
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY

    def test_a_server_that_stays_busy(self, server, tmp_path):
        server.faults = [503] * 9
        with pytest.raises(CocktailError, match=r"/file: the server says 503 .*0 bytes were received"):
            get(server, tmp_path / "file")
        assert len(server.asked) == ATTEMPTS

    def test_no_such_file_is_said_at_once(self, server, tmp_path):
        with pytest.raises(CocktailError, match=r"/other: the server says 404 Not Found"):
            fetch(f"{server.root}/other", tmp_path / "other")
        assert len(server.asked) == 1
        assert not list(tmp_path.iterdir())

    def test_nobody_answers(self, server, tmp_path):
        server.shutdown()
        server.server_close()
        with pytest.raises(CocktailError, match=r"the connection broke \(ConnectionError\)"):
            get(server, tmp_path / "file", attempts=2)

    def test_a_wrong_checksum_leaves_nothing(self, server, tmp_path):
        with pytest.raises(CocktailError, match=f"its MD5 is {MD5} and should be {'0' * 32}; it was deleted"):
            get(server, tmp_path / "file", md5="0" * 32)
        assert not list(tmp_path.iterdir())

    def test_what_was_begun_of_another_version_is_found_by_its_checksum(self, server, tmp_path):
        (tmp_path / "file.part").write_bytes(b"x" * 1000)
        with pytest.raises(CocktailError, match="and should be"):
            get(server, tmp_path / "file", md5=MD5)
        assert get(server, tmp_path / "file", md5=MD5).read_bytes() == BODY

    def test_a_disk_without_space(self, server, tmp_path, monkeypatch):
        monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
        with pytest.raises(CocktailError, match="300000 bytes are needed, and 1000 are free"):
            get(server, tmp_path / "file")


class TestUnpack:
    def test_a_broken_archive_is_deleted(self, tmp_path):
        for name, content in (("a.zip", _zip({"a": BODY})[:5000]), ("a.tar.gz", _tar({"a": BODY})[:5000])):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(CocktailError, match="not a whole archive"):
                unpack(tmp_path / name, tmp_path / "out")
            assert not (tmp_path / name).exists()

    def test_what_is_broken_inside_is_found(self, tmp_path):
        for name, content in (("a.zip", _zip({"a": BODY})), ("a.tar.gz", _tar({"a": BODY}))):
            middle = len(content) // 2
            (tmp_path / name).write_bytes(content[:middle] + bytes(100) + content[middle + 100 :])
            with pytest.raises(CocktailError, match="not a whole archive"):
                unpack(tmp_path / name, tmp_path / "out")

    def test_nothing_is_written_outside_the_folder(self, tmp_path):
        (tmp_path / "a.tar.gz").write_bytes(_tar({"../outside": b"x"}))
        with pytest.raises(CocktailError, match="outside the destination"):
            unpack(tmp_path / "a.tar.gz", tmp_path / "in")
        (tmp_path / "a.zip").write_bytes(_zip({"../outside": b"x"}))
        unpack(tmp_path / "a.zip", tmp_path / "in")
        assert not (tmp_path / "outside").exists()


class TestCorpora:
    def test_a_corpus_is_whole_after_its_download(self, server, tmp_path):
        trees.librispeech(tmp_path / "made")
        server.files["/dev.tar.gz"] = _tar(_files(tmp_path / "made"))
        this = _corpus(Part("dev", archives=(Archive(f"{server.root}/dev.tar.gz"),)))
        download(this, this.parts, tmp_path / "here")
        assert _files(tmp_path / "here") == _files(tmp_path / "made")

    def test_parts_in_one_archive_are_fetched_once(self, server, tmp_path):
        server.files["/all.zip"] = _zip({"a/x": b"1", "b/x": b"2"})
        archive = Archive(f"{server.root}/all.zip", hashlib.md5(server.files["/all.zip"]).hexdigest())
        this = _corpus(Part("a", archives=(archive,)), Part("b", archives=(archive,)))
        download(this, this.parts, tmp_path)
        assert _files(tmp_path) == {"a/x": b"1", "b/x": b"2"} and len(server.asked) == 1

    def test_what_is_not_free_says_where_to_get_it(self, tmp_path):
        this = _corpus(Part("a"))
        with pytest.raises(CocktailError, match="mine: a cannot be downloaded here: get it from https://where"):
            download(this, this.parts, tmp_path)


class TestCommand:
    @pytest.fixture
    def corpora(self, server, tmp_path, monkeypatch):
        """LibriSpeech with two small parts, one of them free, on the server."""
        trees.librispeech(tmp_path / "made")
        server.files["/dev.tar.gz"] = _tar(_files(tmp_path / "made"))
        free = (Archive(f"{server.root}/dev.tar.gz"),)
        parts = (Part("dev-clean", "valid", 3, free), Part("dev-other", "valid", 5))
        monkeypatch.setattr(librispeech, "CORPUS", replace(librispeech.CORPUS, parts=parts))
        return lambda *arguments: CliRunner().invoke(main, ["corpora", *arguments])

    def test_download_then_check(self, corpora, server, tmp_path):
        here = str(tmp_path / "here")
        found = corpora("download", "librispeech", here, "--part", "dev-clean")
        assert found.exit_code == 0, found.output
        assert "dev.tar.gz: no checksum is known" in found.output and "CC BY 4.0" in found.output
        assert corpora("check", "librispeech", here).exit_code == 0
        assert corpora("download", "librispeech", here, "--part", "dev-clean").exit_code == 0
        assert len(server.asked) == 1

    def test_an_archive_that_was_not_unpacked_to_its_end(self, corpora, server, tmp_path):
        here = tmp_path / "here"
        assert corpora("download", "librispeech", str(here), "--part", "dev-clean").exit_code == 0
        (here / "LibriSpeech/dev-clean/84/12/84-12-0002.flac").write_bytes(b"the beginning")
        (here / "librispeech-dev.tar.gz").write_bytes(server.files["/dev.tar.gz"])
        assert corpora("download", "librispeech", str(here), "--part", "dev-clean").exit_code == 0
        assert _files(here) == _files(tmp_path / "made")
        assert len(server.asked) == 1

    def test_into_its_own_folder(self, corpora, tmp_path):
        own = tmp_path / "here" / "LibriSpeech"
        own.mkdir(parents=True)
        assert corpora("download", "librispeech", str(own), "--part", "dev-clean").exit_code == 0
        assert _files(tmp_path / "here") == _files(tmp_path / "made")

    def test_a_misspelt_part(self, corpora, tmp_path):
        found = corpora("download", "librispeech", str(tmp_path), "--part", "dev-cleen")
        assert found.exit_code == 2 and "librispeech has no part 'dev-cleen'; did you mean 'dev-clean'" in found.output

    def test_a_part_that_is_not_free(self, corpora, tmp_path):
        found = corpora("download", "librispeech", str(tmp_path), "--part", "dev-other")
        assert found.exit_code == 2 and "dev-other cannot be downloaded here" in found.output


def _corpus(*parts):
    return Corpus("mine", "Mine", ("speech",), "free", "https://where", parts, lambda root, part: [])


def _files(folder):
    return {str(x.relative_to(folder)): x.read_bytes() for x in sorted(folder.rglob("*")) if x.is_file()}


def _zip(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
