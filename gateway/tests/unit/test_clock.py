import pytest

from gateway.clock import parse_ms, rfc3339


def test_instants_are_written_in_utc_with_z():
    assert rfc3339(1_795_572_000_007) == "2026-11-25T02:00:00.007Z"


@pytest.mark.parametrize(
    "text",
    ["2026-11-25T02:00:00Z", "2026-11-25T03:00:00+01:00", "2026-11-25T02:00:00.000000999+00:00"],
)
def test_instants_are_read_with_any_zone_and_nine_digits(text):
    assert parse_ms(text) == 1_795_572_000_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-25T02:00:00", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError):
        parse_ms(text)
