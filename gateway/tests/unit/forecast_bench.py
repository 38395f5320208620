"""Made histories of bins: litter that falls at a steady pace, and visits that empty it."""

import csv
import random
from datetime import datetime, timedelta

COLUMNS = ("bin_id", "collected_at_local_europe_london", "fill_before_pct", "address", "volume_l")
START = datetime.fromisoformat("2016-06-01T06:00:00")


def visits(bins=20, days=40, seed=1):
    """Rows of COLUMNS in order of time. Bin b fills by 12 + 2 b points a day, with noise."""
    chance = random.Random(seed)
    rows = []
    for number in range(bins):
        at, end = START + timedelta(hours=number % 12), START + timedelta(days=days)
        while at < end:
            gap_h = chance.choice((18, 24, 36, 48))
            at += timedelta(hours=gap_h, minutes=chance.randrange(60))
            pace = (12 + 2 * number) * chance.lognormvariate(0, 0.25)
            fill = min(round(pace * gap_h / 24), 100)
            text = at.isoformat()
            rows.append((str(number), text, str(fill), f"{number} High Street", str(2.4 * fill)))
    return sorted(rows, key=lambda row: row[1])


def write(path, rows, columns=COLUMNS):
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def table(path):
    """The rows of a CSV as dicts."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
