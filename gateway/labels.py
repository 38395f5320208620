"""Labels of devices: a PDF of A4 sheets of 24, 70 x 37 mm, each with a QR code and what it says.

The QR code is a device's identity as TR005 writes it; no key is on a label.
"""

from gateway import pdf
from gateway.certificate import label
from gateway.model import Device

COLUMNS, ROWS = 3, 8
WIDTH_MM, HEIGHT_MM = 70.0, 37.0
_TOP_MM = (pdf.A4_MM[1] - ROWS * HEIGHT_MM) / 2
_QR_MM = 27.0
"""33 modules and a quiet zone of 4 to each side (ISO/IEC 18004) give 0.66 mm a module."""
_TEXT_MM = 33.0
_NAME_MOST = 20


def sheets(devices: list[Device]) -> bytes:
    """The PDF, in the order of the devices."""
    pages: list[pdf.Page] = []
    for place, device in enumerate(devices):
        on_page = place % (COLUMNS * ROWS)
        if on_page == 0:
            pages.append(pdf.Page())
        row, column = divmod(on_page, COLUMNS)
        _draw(pages[-1], column * WIDTH_MM, _TOP_MM + row * HEIGHT_MM, device)
    return pdf.document(pages)


def _draw(page: pdf.Page, x_mm: float, y_mm: float, device: Device) -> None:
    text = label(device.join_eui, device.dev_eui, device.profile, device.asset)
    _code(page, x_mm + 4, y_mm + (HEIGHT_MM - _QR_MM) / 2, text)
    eui = device.dev_eui.upper()
    x_mm += _TEXT_MM
    page.text(x_mm, y_mm + 11, 9, device.name[:_NAME_MOST])
    page.text(x_mm, y_mm + 17, 8, f"{device.profile or device.decoder} {device.asset}".strip())
    page.text(x_mm, y_mm + 23, 8, "DevEUI")
    page.text(x_mm, y_mm + 27, 8, " ".join(eui[at : at + 4] for at in range(0, 16, 4)))


def _code(page: pdf.Page, x_mm: float, y_mm: float, text: str) -> None:
    """A QR code as one rectangle for each run of dark modules."""
    import segno  # the one use of it

    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    side_mm = _QR_MM / (len(rows) + 8)
    for down, row in enumerate(rows, 4):
        begin = 0
        while (begin := row.find(1, begin)) >= 0:
            end = row.find(0, begin)
            end = len(row) if end < 0 else end
            place = x_mm + (begin + 4) * side_mm, y_mm + down * side_mm
            page.rectangle(*place, (end - begin) * side_mm, side_mm)
            begin = end
