"""Addresses and web sites, drawn: the mailbox and the company's own domain, or nothing where they speak for nobody."""

# ruff: noqa: RUF001 -- letters of other scripts that look alike are the point

import polars as pl
import pytest

from recon_kit.normalise.keys.domains import company_domains, domain_root, host_of_address, host_of_website
from recon_kit.normalise.keys.emails import addresses_in, canonical_addresses
from tests.spec.test_keys_names import drawn

ADDRESSES = """
AP@Acme.com                          = ap@acme.com
ap+stripe@acme.com                   = ap@acme.com
J.o.h.n+x@GoogleMail.com             = john@gmail.com
john@gmail.com                       = john@gmail.com
a.b@outlook.com                      = a.b@outlook.com
jo@müller.de                         = jo@xn--mller-kva.de
jo@XN--MLLER-KVA.de                  = jo@xn--mller-kva.de
李@例子.中国                            = 李@xn--fsqu00a.xn--fiqs8s
ａｐ＠ａｃｍｅ．ｃｏｍ                    = ap@acme.com
Ann <ann@acme.com>                   = ann@acme.com
ann@a.com; bob@b.com                 = ann@a.com bob@b.com
mailto:ann@acme.com                  = ann@acme.com
'ann@acme.com'                       = ann@acme.com
o'brien@acme.ie                      = o'brien@acme.ie
ann@acme.com.                        = ann@acme.com
+tag@acme.com                        = +tag@acme.com
ap@acme.example                      = ap@acme.example
no at acme.com                       = -
ann@acme                             = -
ann@localhost                        = -
@acme.com                            = -
a..b@acme.com                        = -
ann@-acme.com                        = -
ann@ac_me.com                        = -
a@b@c.com                            = -
ann@[192.168.1.1]                    = -
"""

DOMAINS = """
https://www.acme.com/en?x=1#top      = acme.com
WWW.ACME.COM.                        = acme.com
http://user:secret@acme.com:8080/    = acme.com
acme.com:8080                        = acme.com
//acme.com                           = acme.com
http//acme.com                       = acme.com
ftp://files.acme.com                 = acme.com
acme.com, acme.de                    = acme.com
ap@acme.com                          = acme.com
shop.acme.co.uk                      = acme.co.uk
a.b.c.acme.com.au                    = acme.com.au
acme.example                         = acme.example

# names in other scripts
münchen.de                           = xn--mnchen-3ya.de
xn--mnchen-3ya.de                    = xn--mnchen-3ya.de
http://例子.中国                        = xn--fsqu00a.xn--fiqs8s

# private suffixes: a registry's carries companies, a hosting firm's its customers
acme.uk.com                          = acme.uk.com
acme.eu.org                          = acme.eu.org
acme.github.io                       = -
acme.myshopify.com                   = -
acme.blogspot.com                    = -
acme.s3.amazonaws.com                = -
acme.wixsite.com/home                = -

# speak for nobody
gmail.com                            = -
t-online.de                          = -
mailinator.com                       = -
facebook.com/acme                    = -
https://www.linkedin.com/company/acme = -
sites.google.com/acme                = -
https://www.google.com/maps/place/x  = -
bit.ly/3xyz                          = -
https://web.archive.org/web/2010/http://acme.com = -
192.168.0.1                          = -
http://[::1]/                        = -
co.uk                                = -
localhost                            = -
n/a                                  = -
https://                             = -

# but those firms' own
google.com                           = google.com
"""


def addresses(text):
    found = pl.DataFrame({"text": [text]}).select(addresses_in(pl.col("text"))).to_series().explode(empty_as_null=False)
    return canonical_addresses(found).drop_nulls().to_list()


def domain(site):
    hosts = pl.DataFrame({"site": [site]}).select(host_of_website(pl.col("site"))).to_series()
    return company_domains(hosts)[0]


@pytest.mark.parametrize(("text", "expected"), drawn(ADDRESSES))
def test_the_canonical_address(text, expected):
    assert (" ".join(addresses(text)) or "-") == expected


@pytest.mark.parametrize(("site", "expected"), drawn(DOMAINS))
def test_the_companys_domain(site, expected):
    assert (domain(site) or "-") == expected


@pytest.mark.parametrize("length", [64, 65])
def test_a_local_part_has_at_most_64_characters(length):
    assert addresses(f"{'a' * length}@acme.com") == ([f"{'a' * 64}@acme.com"] if length == 64 else [])


def test_an_address_leads_to_its_host():
    host = pl.DataFrame({"email": ["ap@mail.acme.co.uk", None]}).select(host_of_address(pl.col("email"))).to_series()
    assert host.to_list() == ["mail.acme.co.uk", None]


def test_the_root_is_the_label_before_the_public_suffix():
    domains = pl.Series(["acme.co.uk", "foo-bar.com", "acme.uk.com", "xn--mnchen-3ya.de", None])
    assert domain_root(domains).to_list() == ["acme", "foo-bar", "acme", "munchen", None]
