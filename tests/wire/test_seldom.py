"""The first of many is told at once, of the others their number; none is lost."""

from collections.abc import Callable

from lowlift.wire.seldom import Seldom


class Later:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.act: Callable[[], None] | None = None

    def __call__(self, seconds: float, act: Callable[[], None]) -> "Later":
        assert seconds == 60.0 and self.act is None
        self.act = act
        return self

    def cancel(self) -> None:
        self.act = None

    def pass_(self) -> None:
        act, self.act = self.act, None
        assert act is not None
        act()


def test_a_storm_is_two_lines_a_quiet_minute_none() -> None:
    said: list[str] = []
    later = Later()
    one = Seldom(lambda form, *values: said.append(form % values), "it rains", later=later)
    for _ in range(1000):
        one.note()
    assert said == ["it rains"]
    later.pass_()
    assert said[1:] == ["it rains: 999 more within 60 s, 1000 so far"]
    one.note()
    assert len(said) == 2
    later.pass_()
    assert said[2:] == ["it rains: 1 more within 60 s, 1001 so far"]
    later.pass_()
    assert len(said) == 3 and later.act is None, "a quiet minute ends it"
    one.note()
    assert said[3:] == ["it rains"]
    one.note()
    one.close()
    assert said[4:] == ["it rains: 1 more within 60 s, 1003 so far"] and later.act is None
    one.close()
    assert len(said) == 5
