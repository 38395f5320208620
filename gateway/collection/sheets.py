"""The list of a day for the crew: a table, a GPX for a navigator, a PDF for the dashboard."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from gateway import pdf
from gateway.collection.files import Place
from gateway.collection.plan import Plan, Stop, known_place
from gateway.errors import Refused

COLUMNS = ("bin_id", "order", "list", "fill_pct", "p_overflow", "litres", "why")
_TOP_MM = 20.0
_LINE_MM = 7.0
_ON_PAGE = 36
_WHY_MOST = 84


def rows(plan: Plan) -> list[tuple[object, ...]]:
    """Of COLUMNS, in order of the way."""
    return [_row(number, one) for number, one in enumerate(plan.stops, 1)]


def skipped(plan: Plan) -> list[tuple[object, ...]]:
    """Of COLUMNS without an order: what stays, and why."""
    return [_row("", one) for one in plan.skipped]


def _row(number: object, one: Stop) -> tuple[object, ...]:
    kind = "urgent" if one.urgent else "eligible"
    return (one.bin_id, number, kind, one.fill, one.risk, one.litres, one.why)


def gpx(plan: Plan, places: Mapping[str, Place], name: str) -> str:
    """A route of GPX 1.1 (topografix.com/GPX/1/1). Raises Refused without latitudes."""
    points = [(one, places[one.bin_id]) for one in plan.stops if one.bin_id in places]
    if len(points) < len(plan.stops) or not all(known_place(place) for _, place in points):
        raise Refused(
            "a GPX needs lat and lon of each bin: who keeps places.csv adds them, or leaves the "
            "GPX out",
            "gpx",
        )
    stops = "".join(
        f'    <rtept lat="{place.lat:.6f}" lon="{place.lon:.6f}"><name>{escape(one.bin_id)}</name>'
        f"<desc>{escape(one.why)}</desc></rtept>\n"
        for one, place in points
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator='
        f"{quoteattr('Lamplighter')} xmlns={quoteattr('http://www.topografix.com/GPX/1/1')}>\n"
        f"  <rte>\n    <name>{escape(name)}</name>\n{stops}  </rte>\n</gpx>\n"
    )


def sheet(plan: Plan, title: str) -> bytes:
    """A PDF with a box to tick beside each stop."""
    total = (
        f"{len(plan.stops)} bins, {plan.km:.1f} km, {plan.minutes:.0f} min, {plan.litres:.0f} l; "
        f"{len(plan.skipped)} can wait"
    )
    pages = [
        _page(plan.stops[first : first + _ON_PAGE], first, title, total)
        for first in range(0, max(len(plan.stops), 1), _ON_PAGE)
    ]
    return pdf.document(pages)


def _page(stops: Sequence[Stop], before: int, title: str, total: str) -> pdf.Page:
    page = pdf.Page()
    page.text(15, _TOP_MM - 6, 14, title)
    page.text(15, _TOP_MM, 9, total)
    for place, one in enumerate(stops, 1):
        y_mm = _TOP_MM + 2 + place * _LINE_MM
        _box(page, 15, y_mm - 3.5, 4)
        page.text(22, y_mm, 9, f"{before + place}")
        page.text(31, y_mm, 9, one.bin_id[:20])
        page.text(62, y_mm, 8, f"{'! ' * one.urgent}{one.why}"[:_WHY_MOST])
    return page


def _box(page: pdf.Page, x_mm: float, y_mm: float, side_mm: float) -> None:
    line_mm = 0.3
    page.rectangle(x_mm, y_mm, side_mm, line_mm)
    page.rectangle(x_mm, y_mm + side_mm - line_mm, side_mm, line_mm)
    page.rectangle(x_mm, y_mm, line_mm, side_mm)
    page.rectangle(x_mm + side_mm - line_mm, y_mm, line_mm, side_mm)
