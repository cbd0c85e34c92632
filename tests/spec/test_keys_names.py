"""Company names, drawn: what people write, and the core that is left of it."""

# ruff: noqa: RUF001 -- letters of other scripts that look alike are the point

import polars as pl
import pytest

from recon_kit.normalise.keys.company_names import name_keys
from recon_kit.normalise.keys.legal_forms import forms

CORES = """
# one company, many spellings
Müller GmbH & Co. KG                 = muller
Müller GmbH & Co.KG                  = muller
MÜLLER GMBH&CO.KG                    = muller
Müller GmbH u. Co. KG                = muller
Müller GmbH + Co. KG                 = muller
Muller                               = muller
Straße & Söhne OHG                   = strasse and sohne
Ørsted A/S                           = orsted
Łódź Łąka Sp. z o.o.                 = lodz laka
Café Zoë Ltd                         = cafe zoe
O'Brien Ltd                          = obrien
O’Brien Ltd.                         = obrien
A & B Ltd                            = a and b
A&B Limited                          = a and b
A &amp; B Ltd                        = a and b
A and B                              = a and b
J. P. Morgan                         = jp morgan
J.P. Morgan                          = jp morgan
JP Morgan                            = jp morgan
3M Company                           = 3m
7-Eleven, Inc.                       = 7 eleven
ＡＢＣ Ｌｉｍｉｔｅｄ                          = abc
Acme™ Ltd®                           = acme
😀 Happy GmbH                        = happy

# German-speaking
Meier UG (haftungsbeschränkt)        = meier
Meier UG                             = meier
Robert Bosch Gesellschaft mit beschränkter Haftung = robert bosch
Wiener Ges.m.b.H.                    = wiener
Acme AG & Co. KGaA                   = acme
Acme SE & Co. KGaA                   = acme
Mayer e.K.                           = mayer
Sportclub e. V.                      = sportclub
Acme Sàrl                            = acme
Acme S.à r.l.                        = acme

# Romance
Bianchi S.r.l.                       = bianchi
Bianchi S. r. l.                     = bianchi
Bianchi SRL                          = bianchi
Rossi & C. S.n.c.                    = rossi
Rossi S.p.A.                         = rossi
Acme Soc. Coop. a r.l.               = acme
SARL Dupont                          = dupont
Dupont SARL                          = dupont
Dupont et Cie                        = dupont
Société Anonyme Dupont               = dupont
Dupont SASU                          = dupont
Desjardins Inc./Ltée                 = desjardins
Cosas S. de R.L. de C.V.             = cosas
Cemex S.A.P.I. de C.V.               = cemex
Grupo Bimbo, S.A.B. de C.V.          = grupo bimbo
Acme S.L.N.E.                        = acme
Silva Unipessoal Lda.                = silva
Silva Ltda. - ME                     = silva
Petrobras S/A                        = petrobras
Petrobras S.A.                       = petrobras

# North and east
Hansen ApS                           = hansen
Volvo AB (publ)                      = volvo
AB Volvo                             = volvo
Oy Virtanen Ab                       = virtanen
Virtanen Oyj                         = virtanen
Marel hf.                            = marel
Kowalski Sp. z o. o.                 = kowalski
Kowalski Sp.zo.o.                    = kowalski
Kowalski sp. z o.o. sp. k.           = kowalski
Novák s.r.o.                         = novak
Novák spol. s r.o.                   = novak
Novák a.s.                           = novak
Nagy Kft.                            = nagy
Horvat d.o.o.                        = horvat
Horvat D. O. O.                      = horvat
S.C. Dacia S.R.L.                    = dacia
UAB "Girteka"                        = girteka
SIA Rīga                             = riga
OÜ Eesti                             = eesti
Yıldız San. ve Tic. Ltd. Şti.        = yildiz
Koç Holding A.Ş.                     = koc holding
Alpha Α.Ε.                           = alpha
Иванов ЕООД                          = ivanov
ООО «Ромашка»                        = romashka
Ромашка, ООО                         = romashka
OOO Romashka                         = romashka
LLC Romashka                         = romashka
Общество с ограниченной ответственностью "Ромашка" = romashka
ТОВ Нова Пошта                       = nova poshta
ТОО Алматы                           = almaty

# Asia, Africa, Oceania
株式会社日立製作所                        = rilizhizuosuo
日立製作所株式会社                        = rilizhizuosuo
㈱日立製作所                             = rilizhizuosuo
（株）日立製作所                          = rilizhizuosuo
Toyota Kabushiki Kaisha              = toyota
Toyota K.K.                          = toyota
华为技术有限公司                          = huaweijishu
中国石油化工股份有限公司                    = zhongguoshiyouhuagong
삼성전자 주식회사                         = samseongjeonja
(주)삼성전자                             = samseongjeonja
บริษัท ปตท. จำกัด (มหาชน)                = ptth
PT Telkom Indonesia Tbk              = telkom indonesia
PT Bank Mandiri (Persero) Tbk        = bank mandiri
Công ty TNHH Việt Thắng              = viet thang
Petronas Sdn. Bhd.                   = petronas
DBS Pte. Ltd.                        = dbs
Hyundai Co., Ltd.                    = hyundai
Hyundai Co.,Ltd                      = hyundai
Bangkok Bank Public Company Limited  = bangkok bank
Tata (P) Ltd                         = tata
Tata Pvt. Ltd.                       = tata
Acme (Pty) Ltd                       = acme
Acme Pty. Limited                    = acme
כהן בע"מ                             = khhn
כהן בע״מ                             = khhn
شركة أرامكو                          = rmkw
Sheikh FZ-LLC                        = sheikh
Qatar W.L.L.                         = qatar

# in the middle, where nothing else can be meant
Müller GmbH Berlin                   = muller berlin
Acme LLC Dubai                       = acme dubai
Studio Rossi S.r.l. Milano           = studio rossi milano

# never a name to nothing
Limited                              = limited
The Limited                          = limited
Co., Ltd.                            = co ltd
SA                                   = sa
Spa                                  = spa
株式会社                               = zhushihuishe
株式会社 !!                            = zhushihuishe
Gesellschaft mit beschränkter Haftung = gesellschaft mit beschrankter haftung

# words that are names stay
Acme Group                           = acme group
Koç Holding                          = koc holding
SAS Institute Inc.                   = sas institute
Gates Foundation                     = gates foundation
Farmers Savings Bank                 = farmers savings bank
Stiftung Warentest                   = stiftung warentest
Smith & Sons Ltd                     = smith and sons
Too Good To Go ApS                   = too good to go
AG Growth International Inc.         = ag growth international

# what people add for themselves
The Body Shop                        = body shop
Body Shop, The                       = body shop
Acme - Billing                       = acme
Acme Ltd (Accounts)                  = acme
Acme / Finance Dept                  = acme
Acme [Customer]                      = acme
Acme GmbH (DO NOT USE)               = acme
Acme c/o Agency Ltd                  = acme
Acme Ltd in liquidation              = acme

# no name at all
N/A                                  = -
unknown                              = -
😀                                   = -
...                                  = -
"""


def drawn(text):
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith("# ")]
    return [tuple(part.strip() for part in line.rsplit(" = ", 1)) for line in lines]


def keys_of(name):
    return name_keys(pl.Series([name], dtype=pl.String)).row(0, named=True)


@pytest.mark.parametrize(("name", "core"), drawn(CORES))
def test_the_core_of_a_name(name, core):
    assert (keys_of(name)["name_core"] or "-") == core


@pytest.mark.parametrize("name", ["Ac\u200bme \u200eGmbH\u200f", "Acme\u00a0GmbH", "Acme\tGmbH\n", "A\u00adcme GmbH"])
def test_invisible_characters_change_nothing(name):
    assert keys_of(name)["name_full"] == "acme gmbh"


def test_composed_and_combining_accents_are_one():
    assert keys_of("Cafe\u0301 Zu\u0308rich") == keys_of("Café Zürich")


@pytest.mark.parametrize("name", [None, "", "  ", "\u200b"])
def test_no_name_has_no_keys(name):
    assert keys_of(name) == {
        "name_full": None, "name_core": None, "name_tokens": [], "name_cores": [], "acronym": None, "person_like": False,
    }  # fmt: skip


def test_the_full_name_keeps_the_legal_form():
    assert keys_of("Müller GmbH & Co. KG")["name_full"] == "muller gmbh and co kg"


def test_tokens_are_the_words_of_the_core_in_order():
    assert keys_of("Zeta Alpha Zeta Ltd")["name_tokens"] == ["zeta", "alpha", "zeta"]


OTHER_NAMES = """
Banana Ltd t/a Apple                 = apple, banana
Banana LLC dba Apple Foods           = apple foods, banana
Banana GmbH (formerly Apple GmbH)    = apple, banana
Banana aka Apple                     = apple, banana
RINA Consulting - Centro Sviluppo    = rina consulting, rina consulting centro sviluppo
European Space Agency (ESA)          = esa, european space agency, european space agency esa
Merck B.V. (Netherlands)             = merck, merck netherlands
Rolls-Royce plc                      = rolls royce
"""


@pytest.mark.parametrize(("name", "cores"), drawn(OTHER_NAMES))
def test_other_names_that_a_name_gives(name, cores):
    assert ", ".join(keys_of(name)["name_cores"]) == cores


ACRONYMS = """
International Business Machines Corp = ibm
Bank of America, N.A.                = -
Advanced Technology Research Centre Pte Ltd = atrc
Technik und Forschung im Betonbau    = tfib
Acme Foods                           = -
A.P. Møller Mærsk                    = amm
"""


@pytest.mark.parametrize(("name", "acronym"), drawn(ACRONYMS))
def test_initials(name, acronym):
    assert (keys_of(name)["acronym"] or "-") == acronym


PEOPLE = """
John Smith                           = yes
SMITH, JOHN                          = yes
Dr. Anna Müller                      = yes
Ana María Rossi                      = yes
Mr. Ali Khan                         = yes
John                                 = no
John Smith Ltd                       = no
Martin Consulting                    = no
Anna's Bakery                        = no
John & Mary Smith                    = no
Paul 2000 Systems                    = no
Acme Foods                           = no
"""


@pytest.mark.parametrize(("name", "is_person"), drawn(PEOPLE))
def test_names_of_people(name, is_person):
    assert keys_of(name)["person_like"] == (is_person == "yes")


@pytest.mark.parametrize(
    "word", ["at", "you", "private", "bank", "trust", "group", "holding", "foundation", "association", "ok"]
)
def test_words_of_the_lists_that_are_words_are_no_legal_forms(word):
    assert word not in forms("end")


@pytest.mark.parametrize(
    "form", ["gmbh", "ltd", "sarl", "kft", "oyj", "sp zoo", "sdn bhd", "aktiebolag", "bvba", "eireli"]
)
def test_the_lists_and_ours_give_the_forms(form):
    assert form in forms("end")
