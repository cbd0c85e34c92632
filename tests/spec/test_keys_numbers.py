"""Phone, VAT and registration numbers, drawn: the number, the record's country, and the one form."""

# ruff: noqa: RUF001 -- letters of other scripts that look alike are the point

import polars as pl
import pytest

from recon_kit.normalise.keys import registrations
from recon_kit.normalise.keys.phones import e164
from recon_kit.normalise.keys.registrations import tax_ids, tax_numbers
from tests.spec.test_keys_names import drawn

PHONES = """
+44 20 7946 0000            = -  = +442079460000
+44 20 7946 0000            = DE = +442079460000
020 7946 0000               = GB = +442079460000
(020) 79460000              = GB = +442079460000
0044 20 7946 0000           = US = +442079460000
+44 (0)20 7946 0000         = GB = +442079460000
00４４ ２０ ７９４６ ００００       = -  = +442079460000
011 44 20 7946 0000         = US = +442079460000
020 7946 0000               = -  = -
(415) 555-2671              = US = +14155552671
1-415-555-2671              = CA = +14155552671
+1 (415) 555-2671 x123      = US = +14155552671
415.555.2671 ext. 12        = US = +14155552671
1-800-FLOWERS               = US = +18003569377
555-1234                    = US = -
+49(0)89/123456             = -  = +4989123456
089 123456                  = DE = +4989123456
02 1234567                  = IT = +39021234567
tel: +33 1 42 68 53 00      = FR = +33142685300
+33 1 42 68 53 00 / +33 1 42 68 53 01 = FR = +33142685300
+999 123456789              = -  = -
0000000000                  = GB = -
0123456789                  = GB = -
n/a                         = GB = -
"""

REGISTRATIONS = """
DE136695976                 = -  = DE136695976
DE 136.695.976              = GB = DE136695976
136695976                   = DE = DE136695976
DE136695978                 = DE = -
123456789                   = DE = -
000000000                   = DE = -
GB 980 7806 84              = -  = GB980780684
980780684                   = GB = GB980780684
XI980780684                 = GB = GB980780684
EL 094259216                = -  = GR094259216
094259216                   = GR = GR094259216
ATU13585627                 = -  = ATU13585627
BE 0428.759.497             = -  = BE0428759497
BE428759497                 = BE = BE0428759497
ESB58378431                 = -  = ESB58378431
B58378431                   = ES = ESB58378431
NL004495445B01              = -  = NL004495445B01
IE 6433435F                 = -  = IE6433435F
IT 00743110157              = -  = IT00743110157
PL 8567346215               = -  = PL8567346215

# one company, whichever of its numbers is given
FR 40 303 265 045           = -  = FR303265045
303 265 045                 = FR = FR303265045
SE 556703748501             = -  = SE5567037485
556703-7485                 = SE = SE5567037485
CHE-123.456.788 MWST        = -  = CH123456788
CHE-123.456.788             = CH = CH123456788
NO 995 525 828 MVA          = -  = NO995525828
995525828                   = NO = NO995525828
51 824 753 556              = AU = AU824753556
AU51824753556               = -  = AU824753556
16.727.230/0001-97          = BR = BR16727230
27AAPFU0939F1ZV             = IN = INAAPFU0939F
123456782RT0001             = CA = CA123456782

# elsewhere
91-1144442                  = US = US911144442
220-81-62517                = KR = KR2208162517
5835678256246               = JP = JP5835678256246
91110000600037341L          = CN = CN91110000600037341L
00501503                    = TW = TW00501503
30-70308853-4               = AR = AR30703088534
7707083893                  = RU = RU7707083893

# no country, no rule, no number
980780684                   = -  = -
HRB 12345                   = DE = -
n/a                         = DE = -
"""


def three(text):
    return [(*row[0].rsplit(" = ", 1), row[1]) for row in drawn(text)]


def known(value):
    return None if value.strip() == "-" else value.strip()


def one(translate, value, country):
    return translate(pl.Series([value.strip()]), pl.Series([known(country)], dtype=pl.String))[0]


@pytest.mark.parametrize(("number", "country", "expected"), three(PHONES))
def test_phone(number, country, expected):
    assert (one(e164, number, country) or "-") == expected


@pytest.mark.parametrize(("number", "country", "expected"), three(REGISTRATIONS))
def test_registration(number, country, expected):
    assert (one(tax_ids, number, country) or "-") == expected


def test_the_number_as_written_stays_where_no_rule_accepts_it():
    numbers = pl.Series(["DE 136.695.978", "n/a", "000 000 000", "HRB 123", None])
    assert tax_numbers(numbers).to_list() == ["DE136695978", None, None, None, None]


def test_every_rule_named_exists():
    rules = [rule for rules in registrations._rules().values() for rule in rules]
    assert all(hasattr(registrations._module(rule), "validate") for rule in rules)
    assert set(registrations._COMPANY_WITHIN) <= set(rules)
