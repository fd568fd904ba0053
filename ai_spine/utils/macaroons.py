"""Macaroons, in the second binary format of libmacaroons, as base64url text. Pure.

Other libraries, such as pymacaroons, read them, restrict them and verify them.
"""

import hashlib
import hmac
from typing import Iterable, Iterator, List, NamedTuple, Tuple

from ai_spine.utils.base64url import from_base64url, to_base64url

_LOCATION, _IDENTIFIER, _PROOF, _SIGNATURE = 1, 2, 4, 6
_GENERATOR = b"macaroons-key-generator"
_LARGEST = 64 * 1024

Packets = Tuple[Tuple[int, bytes], ...]


class Macaroon(NamedTuple):
    """A capability, which anyone who holds it can restrict, and nobody can extend.

    Example:
        >>> token = Macaroon.mint(b"secret", "k-1").restrict(["readonly = true"]).to_text()
        >>> Macaroon.read(token).caveats
        ('readonly = true',)
        >>> Macaroon.read(token).is_genuine(b"secret")
        True
    """

    head: Packets
    """Its location, if it has one, and its identifier."""
    sections: Tuple[Packets, ...]
    """The packets of each caveat."""
    signature: bytes

    @classmethod
    def mint(cls, key: bytes, identifier: str) -> "Macaroon":
        """Return a macaroon without caveats, as who grants it makes it."""
        root = _sign(_sign(_GENERATOR, key), identifier.encode())
        return cls(((_IDENTIFIER, identifier.encode()),), (), root)

    @classmethod
    def read(cls, text: str) -> "Macaroon":
        """Return the macaroon that a text is.

        Raises:
            ValueError: It is none.
        """
        problem = "it is no macaroon of version 2"
        try:
            data = from_base64url(text if len(text) <= _LARGEST else "*")
            sections = list(_sections(data))
            head, caveats, signature = sections[0], sections[1:-1], sections[-1]
        except (ValueError, IndexError):
            raise ValueError(problem) from None
        ends = [kind for kind, _ in signature] == [_SIGNATURE]
        named = all(_IDENTIFIER in dict(each) for each in (head, *caveats))
        if not ends or not named or len(signature[0][1]) != 32:
            raise ValueError(problem)
        return cls(head, tuple(caveats), signature[0][1])

    @property
    def caveats(self) -> Tuple[str, ...]:
        """Its restrictions, those of third parties included."""
        found = (dict(each)[_IDENTIFIER] for each in self.sections)
        return tuple(data.decode("utf-8", "replace") for data in found)

    def restrict(self, caveats: Iterable[str]) -> "Macaroon":
        """Return it with more caveats."""
        made = self
        for caveat in caveats:
            packet = ((_IDENTIFIER, caveat.encode()),)
            signature = _sign(made.signature, caveat.encode())
            made = made._replace(sections=(*made.sections, packet), signature=signature)
        return made

    def is_genuine(self, key: bytes) -> bool:
        """Return whether the owner of a key made it, and nobody took a caveat from it."""
        if any(_PROOF in dict(each) for each in self.sections):
            return False  # a third party would have to discharge it
        made = Macaroon.mint(
            key, dict(self.head)[_IDENTIFIER].decode("utf-8", "replace")
        )
        return hmac.compare_digest(
            made.restrict(self.caveats).signature, self.signature
        )

    def to_text(self) -> str:
        """Return it as a header carries it."""
        parts = [_write(self.head), *map(_write, self.sections), b"\0"]
        end = _write(((_SIGNATURE, self.signature),))[:-1]
        return to_base64url(b"\2" + b"".join(parts) + end)

    def __repr__(self) -> str:  # who reads it could use it
        return f"Macaroon(caveats={self.caveats!r})"


def _sign(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _sections(data: bytes) -> Iterator[Packets]:
    """Yield the packets up to each end of a section, and those of the signature."""
    packets: List[Tuple[int, bytes]] = []
    place = 1 if data[0] == 2 else len(data)
    while place < len(data):
        kind, place = data[place], place + 1
        if kind:
            size, place = _varint(data, place)
            packets.append((kind, data[place : place + size]))
            place += size
            if place > len(data):
                return
            continue
        if not packets and data[place] != _SIGNATURE:
            return
        if packets:
            yield tuple(packets)
            packets = []
    yield tuple(packets)


def _varint(data: bytes, place: int) -> Tuple[int, int]:
    """Return a number, and where the next byte is."""
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def _write(packets: Packets) -> bytes:
    made = bytearray()
    for kind, content in packets:
        size = len(content)
        made.append(kind)
        while size > 0x7F:
            made.append(size & 0x7F | 0x80)
            size >>= 7
        made.append(size)
        made += content
    return bytes(made) + b"\0"
