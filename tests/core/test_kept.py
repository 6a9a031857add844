"""Caches that are bounded by bytes."""

from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.kept import Kept

PER_ENTRY = 300


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900), st.booleans()), max_size=80))
def test_a_cache_has_the_latest_values_and_never_too_many(operations):
    kept: Kept[int, int] = Kept(3000)
    last: dict[int, tuple[int, int]] = {}
    for value, (key, size, forgets) in enumerate(operations):
        if forgets:
            kept.forget(key)
            last.pop(key, None)
        else:
            kept.keep(key, value, size)
            last[key] = value, size
        found = {key: kept.find(key) for key in range(10)}
        present = {key: one for key, one in found.items() if one is not None}
        assert all(last[key][0] == one for key, one in present.items())
        assert sum(last[key][1] + PER_ENTRY for key in present) <= 3000
        assert len(kept) == len(present)


def test_a_value_larger_than_half_is_not_kept():
    kept: Kept[str, str] = Kept(1000)
    kept.keep("large", "value", 201)
    assert kept.find("large") is None
    kept.keep("small", "value", 200)
    assert kept.find("small") == "value"


def test_nearly_all_steps_are_found_in_turn_even_if_one_more_is_requested_than_fits():
    kept: Kept[int, int] = Kept(100 * (PER_ENTRY + 10))
    found = 0
    for turn in range(20):
        for step in range(101):
            if kept.find(step) is None:
                kept.keep(step, turn, 10)
            else:
                found += 1
    assert found > 0.9 * 20 * 101
