"""The FIFO between producer and drive: what goes through, how much waits in it, all the ways that it ends."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, current_thread, main_thread

import pytest

from burnlab.burn import fifo as fifo_module
from burnlab.burn.fifo import DEFAULT_SIZE, Fifo

BLOCK = 2048
SIZE = 64 * BLOCK


class Source:
    """Chunks of so many blocks, numbered; remembers what was asked for, and how it ended."""

    def __init__(self, chunks: int, blocks: int = 1) -> None:
        self.chunks = chunks
        self.blocks = blocks
        self.asked = 0
        self.ended = Event()
        self.ended_by: type[BaseException] | None = None
        self.threads: set[bool] = set()

    def __iter__(self) -> Iterator[bytes]:
        try:
            for number in range(self.chunks):
                self.threads.add(current_thread() is main_thread())
                self.asked += 1
                yield number.to_bytes(8, "big") * (self.blocks * BLOCK // 8)
        except BaseException as error:
            self.ended_by = type(error)
            raise
        finally:
            self.ended.set()


@pytest.mark.parametrize("size", [0, BLOCK, 3 * BLOCK, SIZE, DEFAULT_SIZE])
@pytest.mark.parametrize("blocks", [1, 7, 200])
def test_everything_comes_in_order(size: int, blocks: int) -> None:
    source = Source(30, blocks)
    with Fifo(size) as fifo:
        pieces = [bytes(piece) for piece in fifo.through(iter(source))]
        assert fifo.percent == 0
    assert b"".join(pieces) == b"".join(Source(30, blocks))
    assert all(len(piece) % BLOCK == 0 for piece in pieces)
    assert source.threads == {size == 0}


def test_it_never_holds_more_than_its_size() -> None:
    source = Source(1000)
    taken = 0
    with Fifo(SIZE) as fifo:
        for piece in fifo.through(iter(source)):
            taken += len(piece) // BLOCK
            # One chunk may be in the producer's hands.
            assert source.asked <= taken + SIZE // BLOCK + 1
    assert taken == 1000


def test_the_fill_is_what_waits_in_it() -> None:
    source = Source(64)
    with Fifo(SIZE) as fifo:
        stream = fifo.through(iter(source))
        next(stream)
        source.ended.wait()
        assert fifo.percent == 100 * 63 // 64
        for _ in range(31):
            next(stream)
        assert fifo.percent == 50
        assert list(map(len, stream)) == [BLOCK] * 32
        assert fifo.percent == 0


def test_an_error_of_the_producer_comes_behind_its_data() -> None:
    def failing() -> Iterator[bytes]:
        yield from Source(5)
        raise OSError("gone")

    taken = []
    with Fifo(SIZE) as fifo, pytest.raises(OSError, match="gone"):
        for piece in fifo.through(failing()):
            taken.append(bytes(piece))
    assert b"".join(taken) == b"".join(Source(5))


@pytest.mark.parametrize("size", [0, SIZE])
def test_what_the_producer_tells_is_told_where_it_is_taken(size: int) -> None:
    told: list[tuple[str, int, bool]] = []
    taken = 0

    def producer() -> Iterator[bytes]:
        yield bytes(BLOCK)
        tell("first")
        yield bytes(3 * BLOCK)
        tell("last")

    with Fifo(size) as fifo:
        tell = fifo.relay(lambda text: told.append((text, taken, current_thread() is main_thread())))
        for piece in fifo.through(producer()):
            taken += len(piece) // BLOCK
    assert told == [("first", 1, True), ("last", 4, True)]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_of_the_drive_ends_the_producer(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fifo_module, "PATIENCE", None)
    source = Source(1000)
    with pytest.raises(error), Fifo(SIZE) as fifo:
        for _ in fifo.through(iter(source)):
            raise error
    # It is ended when the FIFO is closed, not some time later, and where it ran.
    assert source.ended.is_set()
    assert source.ended_by is GeneratorExit
    assert source.threads == {False}
    assert source.asked < 1000


def test_an_error_of_what_was_told_ends_the_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fifo_module, "PATIENCE", None)
    source = Source(1000)

    def refuse(_text: str) -> None:
        raise ValueError("refused")

    def producer() -> Iterator[bytes]:
        tell("anything")
        yield from source

    with pytest.raises(ValueError, match="refused"), Fifo(SIZE) as fifo:
        tell = fifo.relay(refuse)
        list(fifo.through(producer()))
    assert source.asked <= SIZE // BLOCK + 1


def test_a_producer_that_waits_for_input_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fifo_module, "PATIENCE", 0.01)
    input_comes = Event()
    ended = Event()

    def waiting() -> Iterator[bytes]:
        try:
            yield bytes(BLOCK)
            input_comes.wait()
            yield bytes(BLOCK)
            raise AssertionError("nobody wants more")
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt), Fifo(SIZE) as fifo:
        for _ in fifo.through(waiting()):
            raise KeyboardInterrupt
    assert not ended.is_set()
    input_comes.set()
    ended.wait()


def test_a_fifo_that_nothing_goes_through() -> None:
    with Fifo() as fifo:
        assert fifo.percent == 0
