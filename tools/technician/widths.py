"""How wide a text in Helvetica is. Source: Adobe Font Metrics of the standard 14 fonts."""

import unicodedata

_OTHER = 556
_GROUPS = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r", 334: "{}", 355: '"',
    389: "*", 469: "^", 500: "Jckvxsyz", 556: "#$0123456789?L_abdeghnopqu«»", 584: "<=>+~",
    611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "Wœ",
    1000: "…", 1015: "@",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
"""In thousandths of the size. An accented letter is as wide as its letter, but for î."""


def width_pt(text: str, size_pt: float) -> float:
    """Of a line, in points."""
    letters = (unicodedata.normalize("NFD", letter)[0] for letter in text)
    return sum(_WIDTHS.get(letter, _OTHER) for letter in letters) * size_pt / 1000
