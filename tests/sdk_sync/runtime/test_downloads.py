"""Tests of content that is downloaded and uploaded."""

import gc
import io
import os

import pytest

from ai_spine.exceptions import NetworkError, ValidationError
from tests.local import wait_until
from tests.sdk_sync.runtime.orders import errors
from tests.sdk_sync.runtime.server import ConnectionCut, Reply, reply

PDF = {"content-type": "application/pdf"}


def pieces(*given):
    return lambda request: Reply(200, iter(given), PDF)


def cut(request):
    def made():
        yield b"%PDF"
        raise ConnectionCut

    return Reply(200, made(), PDF)


def test_content_comes_piece_by_piece(connect):
    client, server = connect(pieces(b"%PDF", b"-1.7"))
    with client.orders.get_invoice() as download:
        assert download.status == 200
        assert download.headers["Content-Type"] == "application/pdf"
        assert b"".join(download) == b"%PDF-1.7"
        assert list(download) == []
    assert server.requests[0].headers["accept"] == "application/pdf"


def test_content_is_read_whole_up_to_a_limit(connect):
    client, server = connect(pieces(b"%PDF", b"-1.7"))
    assert client.orders.get_invoice().read() == b"%PDF-1.7"
    assert client.orders.get_invoice().read(8) == b"%PDF-1.7"
    with pytest.raises(errors.OrdersError, match="200: .* larger than 7 bytes"):
        client.orders.get_invoice().read(limit=7)
    wait_until(lambda: server.open == 0)


def test_content_is_saved(connect, tmp_path):
    client, _ = connect(pieces(b"%PDF", b"-1.7"))
    path = tmp_path / "invoice.pdf"
    path.write_bytes(b"old")
    assert client.orders.get_invoice().save(path) == 8
    assert path.read_bytes() == b"%PDF-1.7"
    assert os.listdir(tmp_path) == ["invoice.pdf"]


def test_content_that_is_cut_off_leaves_the_file_as_it_was(connect, tmp_path):
    client, _ = connect(cut)
    path = tmp_path / "invoice.pdf"
    with pytest.raises(NetworkError):
        client.orders.get_invoice().save(str(path))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", [".", "missing/invoice.pdf"])
def test_a_file_that_cannot_be_written_is_named(connect, tmp_path, name):
    client, _ = connect(pieces(b"%PDF"))
    with pytest.raises(OSError) as caught:
        client.orders.get_invoice().save(tmp_path / name)
    assert caught.value.filename == str(tmp_path / name)
    assert caught.value.filename2 is None and os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written_gives_the_connection_back(
    connect, tmp_path, gate
):
    def made():
        while not gate.wait(0.01):
            yield b"%PDF"

    client, server = connect(lambda request: Reply(200, made(), PDF))
    with pytest.raises(OSError):
        client.orders.get_invoice().save(tmp_path / "missing" / "invoice.pdf")
    wait_until(lambda: server.open == 0)


def test_forgotten_content_does_not_leak(connect, gate, no_garbage):
    def made():
        while not gate.wait(0.01):
            yield b"%PDF"

    client, server = connect(lambda request: Reply(200, made(), PDF), pool_size=2)
    for _ in range(5):
        client.orders.get_invoice(timeout=10)
        gc.collect()
    wait_until(lambda: server.open == 0)


def test_a_refusal_is_the_typed_error(connect):
    client, _ = connect(lambda request: reply(404, {"detail": "none"}))
    with pytest.raises(errors.NotFoundError, match="404: none"):
        client.orders.get_invoice()


def test_content_can_be_raw(connect):
    client, _ = connect(lambda request: Reply(200, b"%PDF", PDF))
    assert client.orders.get_invoice.raw().body == b"%PDF"


@pytest.mark.parametrize("kind", ["bytes", "path", "file"])
def test_content_is_uploaded(connect, tmp_path, kind):
    path = tmp_path / "invoice.pdf"
    path.write_bytes(b"%PDF")
    given = {"bytes": b"%PDF", "path": path, "file": io.BytesIO(b"%PDF")}[kind]
    client, server = connect(lambda request: reply(204))
    client.orders.send_invoice(given)
    request = server.requests[0]
    assert request.body == b"%PDF"
    assert request.headers["content-type"] == "application/octet-stream"


def test_a_form_is_uploaded(connect):
    client, server = connect(lambda request: reply(204))
    client.orders.send_invoice({"file": io.BytesIO(b"%PDF"), "year": 2026})
    request = server.requests[0]
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"%PDF" in request.body and b"2026" in request.body


def test_the_media_type_may_be_chosen(connect):
    client, server = connect(lambda request: reply(204))
    client.orders.send_invoice(b"a", content_type="application/octet-stream")
    with pytest.raises(ValidationError, match="the body cannot be image/png"):
        client.orders.send_invoice(b"a", content_type="image/png")
    with pytest.raises(ValidationError, match="send_invoice needs a body: pass body="):
        client.orders.send_invoice()
    assert len(server.requests) == 1
