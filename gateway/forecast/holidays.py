"""Public holidays that come with the recorded history; a town's own are in `holidays.csv`.

Source: Victoria's gazetted days of 2015 and 2016, from general knowledge: published years ahead.
"""

from datetime import date

KNOWN = {
    "Australia/Melbourne": (
        "2015-01-01 2015-01-26 2015-03-09 2015-04-03 2015-04-04 2015-04-05 2015-04-06 2015-04-25 "
        "2015-06-08 2015-10-02 2015-11-03 2015-12-25 2015-12-26 2015-12-28 2016-01-01 2016-01-26 "
        "2016-03-14 2016-03-25 2016-03-26 2016-03-27 2016-03-28 2016-04-25 2016-06-13 2016-09-30 "
        "2016-11-01 2016-12-25 2016-12-26 2016-12-27 2017-01-01 2017-01-02"
    )
}


def known(zone: str) -> frozenset[date]:
    """Those of a time zone; none of one that is not listed."""
    return frozenset(date.fromisoformat(one) for one in KNOWN.get(zone, "").split())
