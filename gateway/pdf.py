"""A PDF of filled rectangles and lines of text, as much as labels need.

Lengths are mm from the upper left corner. Text is Helvetica in the Latin characters of Windows
code page 1252; another character becomes a question mark.

Source: ISO 32000-1: 7.5 file structure, 8.5 paths, 9.2 text, 9.6.2.2 standard fonts.
"""

from msgspec import Struct, field

A4_MM = (210.0, 297.0)
_POINTS = 72 / 25.4


class Page(Struct):
    """One A4 page. parts: drawing operators, in order."""

    parts: list[str] = field(default_factory=list)

    def text(self, x_mm: float, y_mm: float, size_pt: float, text: str) -> None:
        """A line of text whose base line begins here."""
        raw = text.encode("cp1252", "replace")
        shown = "".join(_octal(byte) for byte in raw)
        x, y = _at(x_mm, y_mm)
        self.parts.append(f"BT /F1 {size_pt:g} Tf {x:.2f} {y:.2f} Td ({shown}) Tj ET")

    def rectangle(self, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> None:
        """A black rectangle with its upper left corner here."""
        x, y = _at(x_mm, y_mm + height_mm)
        size = f"{width_mm * _POINTS:.2f} {height_mm * _POINTS:.2f}"
        self.parts.append(f"{x:.2f} {y:.2f} {size} re f")


def document(pages: list[Page]) -> bytes:
    """The file."""
    numbers = [4 + 2 * place for place in range(len(pages))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{n} 0 R' for n in numbers)}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    box = f"0 0 {A4_MM[0] * _POINTS:.2f} {A4_MM[1] * _POINTS:.2f}"
    for number, page in zip(numbers, pages, strict=True):
        drawn = "\n".join(page.parts)
        place = f"/Parent 2 0 R /MediaBox [{box}] /Contents {number + 1} 0 R"
        objects += [
            f"<< /Type /Page {place} /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    """Header, objects, the table of where each begins, trailer."""
    made = b"%PDF-1.4\n"
    begins: list[int] = []
    for number, text in enumerate(objects, 1):
        begins.append(len(made))
        made += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    rows = "".join(f"{begin:010} 00000 n \n" for begin in begins)
    size = len(objects) + 1
    table = f"xref\n0 {size}\n0000000000 65535 f \n{rows}"
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + (table + trailer).encode("ascii")


def _at(x_mm: float, y_mm: float) -> tuple[float, float]:
    """Points from the lower left corner."""
    return x_mm * _POINTS, (A4_MM[1] - y_mm) * _POINTS


def _octal(byte: int) -> str:
    """A character of a PDF's text: as it is, or by its octal number."""
    char = chr(byte)
    return char if 32 <= byte < 127 and char not in "()\\" else f"\\{byte:03o}"
