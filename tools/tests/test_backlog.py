"""Three days without the network, in virtual time: nothing is lost, alarms come first."""

import pytest

from tools.bench.outage.backlog import backlog

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("need_sf", "alarms"), [(7, 4), (12, 12)])
def test_after_three_days_every_reading_arrives_and_the_alarms_before_the_others(need_sf, alarms):
    found = backlog(72, need_sf=need_sf, alarms=alarms)

    arrived = found.arrived_s
    missing = [number for number in range(found.made) if number not in arrived]
    alarms_s = max(arrived[one] for one in found.alarms)
    others = [at for number, at in arrived.items() if at > 0 and number not in found.alarms]
    print(
        f"SF{need_sf}: {found.made} readings, {len(missing)} missing, alarms within "
        f"{alarms_s:.0f} s of the return, all within "
        f"{max(arrived.values()):.0f} s, {found.frames} frames"
    )
    assert found.made > 432
    assert len(found.alarms) == alarms
    assert missing == []
    assert found.dropped == 0
    assert found.violations == []
    assert alarms_s < min(others)
