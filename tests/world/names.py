"""Invented companies, places and people.

Domains end in ``.example``; telephone numbers come from ranges kept for fiction where a country has one.
"""

from dataclasses import dataclass
from random import Random

from .coined import nth_name

FIRST_WORDS = [
    "Alderbrook",
    "Ashgrove",
    "Bellweather",
    "Birchfield",
    "Bluestone",
    "Brightwater",
    "Brookhaven",
    "Calderwood",
    "Cedarline",
    "Clearwater",
    "Cobaltine",
    "Copperfield",
    "Cornerstone",
    "Crestmont",
    "Crosswell",
    "Dovetail",
    "Driftwood",
    "Eastgate",
    "Elmhurst",
    "Emberly",
    "Everlane",
    "Fairhaven",
    "Farrow",
    "Fernhill",
    "Flintridge",
    "Foxglove",
    "Glenmark",
    "Goldcrest",
    "Granville",
    "Greyfriars",
    "Halcyon",
    "Harbourline",
    "Hartwell",
    "Hawthorne",
    "Heatherton",
    "Highmoor",
    "Hollowell",
    "Ironbark",
    "Juniper",
    "Kestrel",
    "Kingsley",
    "Lakeshore",
    "Lantern",
    "Larkspur",
    "Linden",
    "Longmeadow",
    "Marlowe",
    "Meridian",
    "Millbrook",
    "Northgate",
    "Oakhurst",
    "Orchard",
    "Osprey",
    "Pemberton",
    "Pinecrest",
    "Quarrystone",
    "Ravensworth",
    "Redfern",
    "Ridgeway",
    "Riverbend",
    "Rosewood",
    "Saltmarsh",
    "Silverbirch",
    "Stonebridge",
    "Summerhill",
    "Sycamore",
    "Tallgrass",
    "Thornbury",
    "Tidewater",
    "Tollgate",
    "Underhill",
    "Vantage",
    "Wainwright",
    "Westbury",
    "Whitestone",
    "Willowmere",
    "Windrush",
    "Woodlark",
    "Yarrow",
    "Zephyr",
]
TRADES = [
    "Logistics",
    "Analytics",
    "Dental",
    "Robotics",
    "Foods",
    "Textiles",
    "Software",
    "Energy",
    "Media",
    "Health",
    "Freight",
    "Labs",
    "Retail",
    "Studios",
    "Insurance",
    "Biotech",
    "Security",
    "Learning",
    "Travel",
    "Systems",
    "Instruments",
    "Publishing",
    "Hospitality",
    "Packaging",
    "Mobility",
    "Ceramics",
    "Shipping",
    "Diagnostics",
    "Interiors",
    "Consulting",
    "Bakery",
    "Aerospace",
    "Payments",
    "Farms",
    "Optics",
    "Outfitters",
]
GIVEN = [
    "Amelia",
    "Ben",
    "Carla",
    "Daniel",
    "Elena",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Keiko",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Pedro",
    "Quinn",
    "Rosa",
    "Samir",
    "Tessa",
    "Umar",
    "Vera",
    "Wendy",
    "Yusuf",
    "Zoe",
    "Anton",
    "Bianca",
    "Chiara",
    "Dmitri",
    "Esther",
]
FAMILY = [
    "Abernathy",
    "Brandt",
    "Castellan",
    "Devereux",
    "Eklund",
    "Fontaine",
    "Garrity",
    "Hollis",
    "Ivarsen",
    "Jarrow",
    "Kimura",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Prescott",
    "Quiroga",
    "Rasmussen",
    "Sorrell",
    "Takeda",
    "Ulrich",
    "Vasquez",
    "Whitlock",
    "Yamada",
    "Zeller",
    "Ashworth",
    "Bellamy",
    "Calloway",
    "Dunmore",
    "Ferreira",
]
OWNERS = ("Dana Whitlock", "Marcus Feld", "Priya Ramanathan", "Sofia Lindgren", "Tom Okonjo", "Yuki Hayashida")
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "gmx.de", "proton.me")


@dataclass(frozen=True)
class Place:
    """A city with what an address and a telephone number there look like."""

    country: str
    country_name: str
    city: str
    postal: str
    phone: str
    currency: str
    legal_forms: tuple[str, ...]
    street: str


_US, _GB, _DE, _FR = ("Inc.", "LLC", "Corp."), ("Ltd", "Limited", "PLC"), ("GmbH", "AG"), ("SAS", "SARL")
_NL, _ES, _IT, _JP, _CA = ("B.V.",), ("S.L.", "S.A."), ("S.r.l.", "S.p.A."), ("K.K.", "Co., Ltd."), ("Inc.", "Ltd.")
PLACES = (
    Place("US", "United States", "Austin", "78{:03d}", "+1 512-555-01{:02d}", "USD", _US, "Congress Ave"),
    Place("US", "United States", "Denver", "80{:03d}", "+1 303-555-01{:02d}", "USD", _US, "Larimer St"),
    Place("US", "United States", "Boston", "02{:03d}", "(617) 555-01{:02d}", "USD", _US, "Boylston St"),
    Place("US", "United States", "Chicago", "60{:03d}", "312.555.01{:02d}", "USD", _US, "Wacker Dr"),
    Place("CA", "Canada", "Toronto", "M5V {}A{}", "+1 416-555-01{:02d}", "USD", _CA, "King St W"),
    Place("GB", "United Kingdom", "London", "EC{}A {}BT", "+44 20 7946 0{:03d}", "GBP", _GB, "Gresham St"),
    Place("GB", "United Kingdom", "Leeds", "LS{} {}DX", "0113 496 0{:03d}", "GBP", _GB, "Park Row"),
    Place("DE", "Germany", "Berlin", "10{:03d}", "+49 30 23125 {:03d}", "EUR", _DE, "Torstraße"),
    Place("DE", "Germany", "Hamburg", "20{:03d}", "+49 40 66969 {:03d}", "EUR", _DE, "Große Bleichen"),
    Place("FR", "France", "Lyon", "69{:03d}", "+33 4 65 71 {:02d} 00", "EUR", _FR, "Rue de la République"),
    Place("NL", "Netherlands", "Utrecht", "35{}{} AB", "+31 85 888 {:04d}", "EUR", _NL, "Oudegracht"),
    Place("ES", "Spain", "Valencia", "46{:03d}", "+34 960 000 {:03d}", "EUR", _ES, "Calle Colón"),
    Place("IT", "Italy", "Torino", "10{:03d}", "+39 011 0000 {:03d}", "EUR", _IT, "Via Po"),
    Place("JP", "Japan", "Osaka", "53{}-00{}1", "+81 6-0000-0{:03d}", "JPY", _JP, "Umeda"),
)
WEIGHTS = (6, 4, 4, 4, 2, 4, 2, 3, 2, 2, 2, 1, 1, 2)


@dataclass(frozen=True)
class Company:
    """A company as it would introduce itself."""

    name: str
    legal_name: str
    domain: str
    place: Place
    street: str
    postal: str
    phone: str


def company_name(index: int) -> str:
    """Distinct name for every index; others are coined once the pairs of words run out."""
    total = len(FIRST_WORDS) * len(TRADES)
    if index >= total:
        return nth_name(index - total, tuple(FIRST_WORDS), tuple(TRADES))
    first, trade = divmod(index * 1249 % total, len(TRADES))
    return f"{FIRST_WORDS[first]} {TRADES[trade]}"


def _filled(rng: Random, pattern: str) -> str:
    """Fill the digits of a postal code or telephone pattern."""
    widths = [1 if brace == "{}" else int(brace[3]) for brace in _braces(pattern)]
    return pattern.format(*(rng.randrange(1, 10**width) for width in widths))


def _braces(pattern: str) -> list[str]:
    """Replacement fields of a format pattern, in order."""
    return ["{" + part.split("}")[0] + "}" for part in pattern.split("{")[1:]]


def make_company(index: int, rng: Random, currency: str | None = None) -> Company:
    """Invent the company of an index, in a place that uses ``currency`` when one is given."""
    pairs = [
        (place, weight) for place, weight in zip(PLACES, WEIGHTS, strict=True) if currency in {None, place.currency}
    ]
    place = rng.choices([place for place, _ in pairs], [weight for _, weight in pairs])[0]
    name = company_name(index)
    return Company(
        name=name,
        legal_name=f"{name} {rng.choice(place.legal_forms)}",
        domain=name.lower().replace(" ", "").replace("-", "") + ".example",
        place=place,
        street=f"{rng.randrange(2, 240)} {place.street}",
        postal=_filled(rng, place.postal),
        phone=_filled(rng, place.phone),
    )


def person(rng: Random) -> tuple[str, str]:
    """Given and family name of someone who does not exist."""
    return rng.choice(GIVEN), rng.choice(FAMILY)
