"""Places, drawn: countries in many languages, postal codes as spreadsheets leave them, cities as people write them."""

# ruff: noqa: RUF001 -- letters of other scripts that look alike are the point

import polars as pl
import pytest

from recon_kit.normalise.keys.places import cities, country_codes, postal_codes
from tests.spec.test_keys_names import drawn
from tests.spec.test_keys_numbers import one, three

COUNTRIES = """
DE                        = DE
de                        = DE
DEU                       = DE
Germany                   = DE
Deutschland               = DE
Allemagne                 = DE
Alemania                  = DE
Bundesrepublik Deutschland = DE
USA                       = US
U.S.A.                    = US
United States of America  = US
UK                        = GB
England                   = GB
Great Britain             = GB
Österreich                = AT
Schweiz                   = CH
Suisse                    = CH
España                    = ES
Brasil                    = BR
Türkiye                   = TR
Turkey                    = TR
Côte d’Ivoire             = CI
Ivory Coast               = CI
The Netherlands           = NL
Holland                   = NL
Korea, Republic of        = KR
中国                        = CN
日本                        = JP
Россия                    = RU
Ελλάδα                    = GR
مصر                       = EG
ישראל                     = IL
Niger                     = NE
Nigeria                   = NG
Dominica                  = DM
Dominican Republic        = DO
Kosovo                    = XK
EU                        = -
Atlantis                  = -
n/a                       = -
"""

POSTAL_CODES = """
SW1A 1AA                  = GB = SW1A1AA
sw1a1aa                   = GB = SW1A1AA
1011 AB                   = NL = 1011AB
NL-1011 AB                = -  = 1011AB
D-80331                   = DE = 80331
80331.0                   = DE = 80331
1067                      = DE = 01067
1067                      = AT = 1067
2139                      = US = 02139
02139-1234                = US = 02139
02139-1234                = -  = 021391234
100-0001                  = JP = 1000001
〒１００－０００１              = JP = 1000001
75008 CEDEX 08            = FR = 75008
SE-111 22                 = SE = 11122
K1A 0B1                   = CA = K1A0B1
00000                     = US = -
99999                     = US = -
n/a                       = US = -
"""

CITIES = """
München                   = munchen
MUENCHEN                  = munchen
Munich                    = munich
Köln                      = koln
Koeln                     = koln
Łódź                      = lodz
São Paulo                 = sao paulo
St. Gallen                = saint gallen
75008 Paris               = paris
Paris CEDEX 08            = paris
Paris 8e                  = paris
Dublin 2                  = dublin
New York, NY              = new york
Frankfurt/Main            = frankfurt main
東京                        = dongjing
n/a                       = -
12345                     = -
"""


@pytest.mark.parametrize(("name", "code"), drawn(COUNTRIES))
def test_country(name, code):
    assert (country_codes(pl.Series([name]))[0] or "-") == code


@pytest.mark.parametrize(("code", "country", "expected"), three(POSTAL_CODES))
def test_postal_code(code, country, expected):
    assert (one(postal_codes, code, country) or "-") == expected


@pytest.mark.parametrize(("name", "expected"), drawn(CITIES))
def test_city(name, expected):
    assert (cities(pl.Series([name]))[0] or "-") == expected
