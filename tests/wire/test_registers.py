"""Registers: values survive, word order is what it says, and no request cuts a number in two or finds a gap."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_plants import points

from lowlift.wire.addresses import Encoding, ModbusAddress, Table, WordOrder
from lowlift.wire.registers import WHOLE, GapError, RegisterMap, decode, encode

FLOAT = ModbusAddress(table=Table.INPUT, address=0, encoding=Encoding.FLOAT32)


@given(value=st.floats(width=32, allow_nan=False), order=st.sampled_from(WordOrder))
def test_floats_survive(value: float, order: WordOrder) -> None:
    assert decode(encode(value, FLOAT, order), FLOAT, order) == value


def test_word_order() -> None:
    words = list(struct.unpack(">HH", struct.pack(">f", 31.25)))
    assert encode(31.25, FLOAT, WordOrder.HIGH_FIRST) == words
    assert encode(31.25, FLOAT, WordOrder.LOW_FIRST) == words[::-1]


@pytest.mark.parametrize("encoding", list(WHOLE))
def test_whole_numbers_hold_at_their_ends_and_show_no_number_as_their_lowest(encoding: Encoding) -> None:
    at = ModbusAddress(table=Table.INPUT, address=0, encoding=encoding, scale=10.0)
    low, high = WHOLE[encoding]
    order = WordOrder.HIGH_FIRST
    assert decode(encode(21.5, at, order), at, order) == 21.5
    assert decode(encode(1e12, at, order), at, order) == high / 10.0
    assert decode(encode(float("nan"), at, order), at, order) == low / 10.0


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
