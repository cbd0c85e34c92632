"""What stands on each sheet of a printed page, read from the PDF that Chromium makes of it."""

import re
import zlib
from pathlib import Path
from typing import NamedTuple

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|(\[.*?\]|<[0-9A-Fa-f]*>) ?T[jJ]", re.DOTALL)
_SINGLE = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n")
_RANGE = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]{4})>")


class Sheet(NamedTuple):
    """A sheet: its words without spaces, since a PDF places letters, not words."""

    text: str

    def has(self, words):
        """Tell whether words stand on the sheet."""
        return "".join(words.split()) in self.text

    def ends_with(self, words):
        """Tell whether words are the last on the sheet; what stands in its margins comes first in a PDF."""
        return self.text.endswith("".join(words.split()))

    def count(self, words):
        """Count how often words stand on the sheet."""
        return self.text.count("".join(words.split()))


def printed(page, path: Path) -> list[Sheet]:
    """Print a page of a pack and read its sheets, in order."""
    page.goto(path.as_uri())
    return sheets_of(page.pdf(prefer_css_page_size=True))


def sheets_of(pdf: bytes) -> list[Sheet]:
    """Read the words of each sheet of a PDF as Chromium writes it."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {number: _letters(objects, body) for number, body in objects.items() if b"/ToUnicode" in body}
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b", body)]
    return [Sheet(_words(_content(objects, body), fonts)) for body in pages]


def _stream(body: bytes) -> bytes:
    return zlib.decompress(body.partition(b"stream\n")[2].rpartition(b"\nendstream")[0])


def _content(objects, page: bytes) -> bytes:
    return _stream(objects[int(re.search(rb"/Contents (\d+) 0 R", page)[1])])


def _letters(objects, font: bytes) -> dict[int, str]:
    """Map the glyphs of a font to letters."""
    told = _stream(objects[int(re.search(rb"/ToUnicode (\d+) 0 R", font)[1])])
    letters = {}
    for block in re.findall(rb"beginbfchar\n(.*?)endbfchar", told, re.DOTALL):
        letters |= {
            int(glyph, 16): bytes.fromhex(code.decode()).decode("utf-16-be") for glyph, code in _SINGLE.findall(block)
        }
    for block in re.findall(rb"beginbfrange\n(.*?)endbfrange", told, re.DOTALL):
        for first, last, code in _RANGE.findall(block):
            letters |= {
                glyph: chr(int(code, 16) + glyph - int(first, 16)) for glyph in range(int(first, 16), int(last, 16) + 1)
            }
    return letters


def _words(content: bytes, fonts) -> str:
    text, letters = [], {}
    for font, shown in _SHOWN.findall(content):
        if font:
            letters = fonts.get(int(re.search(rb"\d+", font)[0]), {})
            continue
        for glyphs in re.findall(rb"<([0-9A-Fa-f]*)>", shown):
            codes = [int(glyphs[place : place + 4], 16) for place in range(0, len(glyphs), 4)]
            text += [letters.get(code, "") for code in codes]
    return "".join("".join(text).split())
