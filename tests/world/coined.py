"""Company names in any number: coined words, families and regions, no two alike, common words shared by many."""

from functools import cache
from math import gcd, prod

FAMILIES = (
    *("Abernathy", "Ashworth", "Bellamy", "Brandt", "Calloway", "Castellan", "Devereux", "Dunmore", "Eklund"),
    *("Ferreira", "Fontaine", "Garrity", "Hollis", "Ivarsen", "Jarrow", "Kimura", "Lindqvist", "Moreau", "Novak"),
    *("Okafor", "Prescott", "Quiroga", "Rasmussen", "Sorrell", "Takeda", "Ulrich", "Vasquez", "Whitlock", "Yamada"),
)
REGIONS = (
    *("Adriatic", "Allied", "Alpine", "American", "Anglo", "Arctic", "Atlantic", "Austral", "Baltic", "Bavarian"),
    *("Bay", "Boreal", "Canadian", "Capital", "Cascade", "Central", "Channel", "City", "Coastal", "Colonial"),
    *("Continental", "County", "Delta", "Eastern", "European", "Federal", "First", "General", "Global", "Golden"),
    *("Grand", "Great Lakes", "Gulf", "Harbor", "Heritage", "Highland", "Hudson", "Iberian", "Imperial", "Inland"),
    *("Island", "Lowland", "Maritime", "Metro", "Midland", "Modern", "Mountain", "National", "Nordic", "Northern"),
    *("Pacific", "Pioneer", "Premier", "Regional", "Rhine", "River", "Royal", "Southern", "Summit", "Sunrise"),
    *("Transatlantic", "Union", "United", "Valley", "Western"),
)
ENDINGS = ("", "Group", "Partners", "Holdings", "International", "Services", "Solutions", "Company", "Works", "Direct")
ONSETS = ("b", "br", "c", "cl", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "v")
VOWELS = ("a", "e", "i", "o", "u", "ia", "eo")
CODAS = ("", "l", "n", "r", "x", "m", "z")  # no "s": "bas-ta" and "ba-sta" would be one word


SYLLABLES = tuple(onset + vowel + coda for onset in ONSETS for vowel in VOWELS for coda in CODAS)


def nth_name(number: int, first_words: tuple[str, ...], trades: tuple[str, ...]) -> str:
    """Name of a number: by turns a coined word, two families, or a place and a word that many share."""
    kind, number = number % 3, number // 3
    if kind == 0:
        first, last, trade, again = _spread(number, (SYLLABLES, SYLLABLES, trades))
        return f"{(first + last).capitalize()} {trade}{again}"
    if kind == 1:
        one, other, trade, ending, again = _spread(number, (FAMILIES, FAMILIES, trades, ENDINGS))
        return " ".join(filter(None, (f"{one}-{other}", trade, ending))) + again
    region, word, trade, ending, again = _spread(number, (REGIONS, first_words, trades, ENDINGS))
    return " ".join(filter(None, (region, word, trade, ending))) + again


def _spread(number: int, lists: tuple[tuple[str, ...], ...]) -> list[str]:
    """One word of each list, so that neighbouring numbers look unlike; once all are used up a number is added."""
    sizes = tuple(map(len, lists))
    total, step = _stride(sizes)
    again, rest = divmod(number, total)
    rest, picked = rest * step % total, []
    for words in lists:
        rest, place = divmod(rest, len(words))
        picked.append(words[place])
    return [*picked, f" {again + 1}" if again else ""]


@cache
def _stride(sizes: tuple[int, ...]) -> tuple[int, int]:
    """Number of combinations, and a step near the golden section that visits each once."""
    total = prod(sizes)
    return total, next(step for step in range(total * 618_034 // 1_000_000, 2 * total) if gcd(step, total) == 1)
