"""Downloads from a server of our own: checksum, retries, progress, and no network."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from davinz_jax.data.download import PUBLIC_FILES, PublicFile, fetch

CONTENTS = bytes(range(256)) * 1024
MD5 = f"md5:{hashlib.md5(CONTENTS).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENTS at /good, fails once at /flaky, and cuts the file short at /short."""

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.path == "/flaky" and self.server.paths.count("/flaky") == 1:
            self.send_error(503)
            return
        body = CONTENTS[:1000] if self.path == "/short" else CONTENTS
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Says nothing."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.paths = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of our own, no proxy, and no pause between trials."""
    monkeypatch.setenv("DAVINZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    return tmp_path / "cache"


def files(server, *paths, checksum=MD5):
    urls = tuple(f"http://127.0.0.1:{server.server_port}{path}" for path in paths)
    return {"thing": PublicFile("things/thing.bin", urls, checksum)}


def test_file_is_fetched_once_and_kept(server, cache):
    path = fetch("thing", files=files(server, "/good"))
    assert path == cache / "things" / "thing.bin"
    assert path.read_bytes() == CONTENTS
    fetch("thing", files=files(server, "/good"))
    assert server.paths == ["/good"]


def test_progress_reaches_the_end(server):
    seen = []
    fetch("thing", files=files(server, "/good"), progress=lambda *args: seen.append(args))
    done, total, stage = seen[-1]
    assert done == total == len(CONTENTS)
    assert stage == "downloading thing.bin"
    assert len(seen) > 2


def test_a_failed_download_is_tried_again(server):
    fetch("thing", files=files(server, "/flaky"), num_retries=1)
    assert server.paths == ["/flaky", "/flaky"]


def test_the_next_address_is_tried(server):
    path = fetch("thing", files=files(server, "/short", "/good"), num_retries=0)
    assert path.read_bytes() == CONTENTS


def test_wrong_checksum_is_refused_and_nothing_kept(server, cache):
    with pytest.raises(
        ValueError, match="thing.bin: wanted a download with checksum md5:"
    ) as error:
        fetch("thing", files=files(server, "/short"), num_retries=0)
    assert "does not match the known hash" in str(error.value)
    assert list((cache / "things").iterdir()) == []


def test_a_checksum_given_counts(server):
    unknown = files(server, "/good", checksum=None)
    with pytest.raises(ValueError, match="wanted a download with checksum md5:00"):
        fetch("thing", files=unknown, checksum="md5:" + "0" * 32, num_retries=0)
    assert fetch("thing", files=unknown).read_bytes() == CONTENTS


def test_without_a_network_the_message_says_which_file_to_put_where(server, cache):
    offline = {"thing": PublicFile("things/thing.bin", ("http://127.0.0.1:1/thing.bin",), MD5)}
    with pytest.raises(ValueError, match="without a network, fetch it elsewhere") as error:
        fetch("thing", files=offline, num_retries=1)
    message = str(error.value)
    assert f"put it at {cache / 'things' / 'thing.bin'}" in message
    assert "http://127.0.0.1:1/thing.bin" in message
    assert "things/thing.bin below a folder that root or DAVINZ_DATA names" in message


def test_a_wrong_file_in_the_cache_is_named(cache):
    (cache / "things").mkdir(parents=True)
    (cache / "things" / "thing.bin").write_bytes(b"other")
    offline = {"thing": PublicFile("things/thing.bin", ("http://127.0.0.1:1/thing.bin",), MD5)}
    with pytest.raises(ValueError, match="got another checksum of .*thing.bin"):
        fetch("thing", files=offline, num_retries=0)


def test_every_public_file_has_a_checksum_but_the_one_that_has_none_published():
    without = [name for name, file in PUBLIC_FILES.items() if file.checksum is None]
    assert without == ["bsds500"]
    assert all(
        file.checksum is None or len(file.checksum.removeprefix("md5:")) == 32
        for file in PUBLIC_FILES.values()
    )
