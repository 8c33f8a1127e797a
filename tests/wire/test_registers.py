"""Registers: values survive, word order is what it says, and no request cuts a number in two or finds a gap."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plants import points

from lowlift.wire.addresses import Encoding, ModbusAddress, Table, WordOrder
from lowlift.wire.points import HEARTBEAT_MAX
from lowlift.wire.registers import WHOLE, GapError, RegisterMap, absent, decode, encode

FLOAT = ModbusAddress(table=Table.INPUT, address=0, encoding=Encoding.FLOAT32)


@given(value=st.floats(width=32, allow_nan=False), order=st.sampled_from(WordOrder))
def test_floats_survive(value: float, order: WordOrder) -> None:
    assert decode(encode(value, FLOAT, order), FLOAT, order) == value


def test_word_order() -> None:
    words = list(struct.unpack(">HH", struct.pack(">f", 31.25)))
    assert encode(31.25, FLOAT, WordOrder.HIGH_FIRST) == words
    assert encode(31.25, FLOAT, WordOrder.LOW_FIRST) == words[::-1]


@pytest.mark.parametrize("order", WordOrder)
@pytest.mark.parametrize("encoding", list(WHOLE))
def test_whole_numbers_hold_at_their_ends_and_one_of_them_is_no_number(encoding: Encoding, order: WordOrder) -> None:
    at = ModbusAddress(table=Table.INPUT, address=0, encoding=encoding, scale=10.0)
    low, high = WHOLE[encoding]
    nothing = absent(points()["T_chw"], at)
    assert nothing == (low if low < 0 else high)

    def arrives(value: float) -> float:
        return decode(encode(value, at, order, nothing), at, order, nothing)

    assert arrives(21.5) == 21.5
    assert arrives(1e12) == (high - (low == 0)) / 10.0 and arrives(-1e12) == (low + (low < 0)) / 10.0
    assert math.isnan(arrives(math.nan))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (Encoding.INT16, [0x8000]),
        (Encoding.UINT16, [0xFFFF]),
        (Encoding.INT32, [0x8000, 0]),
        (Encoding.UINT32, [0xFFFF, 0xFFFF]),
        (Encoding.FLOAT32, [0x7FC0, 0]),
    ],
)
def test_the_words_of_no_number(encoding: Encoding, words: list[int]) -> None:
    at = ModbusAddress(table=Table.INPUT, address=0, encoding=encoding)
    nothing = absent(points()["T_chw"], at)
    assert encode(math.nan, at, WordOrder.HIGH_FIRST, nothing) == words
    assert math.isnan(decode(words, at, WordOrder.HIGH_FIRST, nothing))


@pytest.mark.parametrize("value", [0.0, 65534.0, HEARTBEAT_MAX])
def test_a_counter_that_needs_all_numbers_has_them(value: float) -> None:
    at = ModbusAddress(table=Table.HOLDING, address=0, encoding=Encoding.UINT16)
    nothing = absent(points()["heartbeat.cmd"], at)
    assert decode(encode(value, at, WordOrder.HIGH_FIRST, nothing), at, WordOrder.HIGH_FIRST, nothing) == value


def test_requests_touch_what_they_cover() -> None:
    table = RegisterMap(points(), Table.INPUT)
    assert table.touched(0, 2) == range(1) and table.touched(1, 2) == range(2) and table.touched(3, 1) == range(1, 2)
    assert table.touched(0, table.size) == range(len(table.starts))
    for address, count in ((table.size - 1, 2), (table.size, 1), (0, table.size + 1), (0, 0), (9000, 2)):
        with pytest.raises(GapError):
            table.touched(address, count)
    assert table.whole(2, 4) == range(1, 3)
    for address, count in ((0, 1), (1, 2), (1, 1), (0, 3)):
        with pytest.raises(GapError, match="cut a number"):
            table.whole(address, count)
