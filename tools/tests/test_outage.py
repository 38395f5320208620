"""Outages in virtual time: how soon a node is back, and what the regulator saw. A slice.

The whole curve is `make bench` (tools/bench/measure/outage.py).
"""

import pytest

from tools.bench.outage import campaign, street
from tools.bench.outage.watch import Watch

pytestmark = pytest.mark.slow

MIN = 60


@pytest.mark.parametrize("hours", [1, 5, 14])
def test_a_server_that_kept_the_session_hears_the_node_within_a_report_period(hours):
    found = campaign.outage(hours, keeps=True, nodes=2, seeds=2)

    assert found.after_s[-1] <= 15 * MIN
    assert found.within(75) <= 600
    assert found.violations == []


def test_nodes_at_sf12_do_not_meet_again_after_a_collision():
    found = campaign.outage(14, keeps=True, need_sf=12, nodes=4, seeds=2)

    assert found.after_s[-1] <= 15 * MIN
    assert found.violations == []


def test_a_lamp_is_heard_within_a_quarter_of_an_hour():
    found = campaign.outage(5, keeps=True, nodes=2, seeds=2, profile="lamp", report_s=3600)

    assert found.after_s[-1] <= 15 * MIN
    assert found.violations == []


@pytest.mark.parametrize(("hours", "need_sf", "limit"), [(1, 7, 20), (5, 9, 60), (14, 9, 60)])
def test_a_server_that_lost_the_session_lets_the_node_join_again(hours, need_sf, limit):
    found = campaign.outage(hours, keeps=False, need_sf=need_sf, nodes=2, seeds=2)

    assert found.within(75) <= limit * MIN
    assert found.violations == []


def test_a_node_at_sf12_joins_again_within_a_day_after_eleven_hours():
    found = campaign.outage(14, keeps=False, need_sf=12, nodes=2, seeds=1)

    assert found.within(50) <= 25 * 3600
    assert found.violations == []


@pytest.mark.parametrize(
    "settings", [{}, {"profile": "lamp"}, {"profile": "lamp", "report_s": 3600}]
)
def test_a_server_that_forgot_the_sessions_is_noticed_within_half_an_hour(settings):
    found = street.server_forgets(4, **settings)

    assert found.noticed_s[-1] <= 30 * MIN
    assert len(found.back_s) == 4
    assert found.answers <= 4
    assert found.violations == []


def test_a_street_that_gets_power_at_once_joins_within_six_minutes_in_two_attempts_each():
    found = street.power_returns(60, (7, 8))

    assert found.joined_s <= 6 * MIN
    assert found.attempts <= 2
    assert found.violations == []


def test_a_watch_sees_too_much_air_in_an_hour_and_too_many_attempts():
    watch = Watch("n")
    for at in range(26):
        watch.sent(at * 100_000_000, at * 100_000_000 + 1_483_000, 868_100_000, b"\0" * 23)
    assert "sub-band 2" in watch.found[0]
    assert any("of attempts" in text for text in watch.found)

    watch.found.clear()
    watch.heard()
    watch.sent(7_200_000_000, 7_201_483_000, 868_100_000, b"\0" * 23)
    assert watch.found == []
