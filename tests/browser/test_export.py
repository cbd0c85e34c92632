"""Export without a browser: what stands on the page, and what is refused."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace

import nbformat
import polars as pl
import pytest

from recon_kit.runner.export import export_notebook
from recon_kit.runner.index_page import index_html, render_index
from recon_kit.runner.self_contained import PageNotSelfContained, require_self_contained
from tests.browser.closing import index_context, superseding


def test_the_page_tells_what_it_is(exported_page, executed_workpaper):
    page = exported_page.read_text("utf-8")
    assert '<html lang="en">' in page
    assert '<a class="skip" href="#content">' in page
    assert "<main" in page
    assert '<nav class="contents"' in page
    assert (
        page.index("Where sales and billing disagree</h1>")
        < page.index('<nav class="contents"')
        < page.index("The bridge</h2>")
    )
    assert hashlib.sha256(executed_workpaper.read_bytes()).hexdigest() in page
    assert "Prepared by" in page


def test_code_is_folded_hidden_or_dropped_by_tag(exported_page):
    page = exported_page.read_text("utf-8")
    assert page.count('<details class="code">') == len(re.findall(r'<div class="[^"]*\bhighlight\b', page)) > 0
    assert "Code (parameters of this run)" in page
    assert "account_name" in page
    assert "charts.enable" not in re.sub(r"<[^>]+>", "", page)
    assert "only for the analyst" not in page


def test_no_folder_of_the_machine_stands_on_the_page(exported_page, executed_workpaper):
    page = exported_page.read_text("utf-8")
    assert str(executed_workpaper.parent) not in page
    assert "params = params.yaml" in page
    assert "close_dir = 2026-10-31" in page


def test_the_policy_allows_one_script_and_the_page_has_that_one(exported_page):
    page = exported_page.read_text("utf-8")
    policy = re.search(r"<meta[^>]*default-src[^>]*>", page)[0]
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == 1
    assert 'http-equiv="Content-Security-Policy"' in policy
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; script-src 'sha256-" in policy
    assert f"'sha256-{digest}'" in policy


def test_exporting_twice_gives_the_same_bytes(exported_page, executed_workpaper, tmp_path):
    again = tmp_path / "again.html"
    export_notebook(
        executed_workpaper,
        again,
        title="Where sales and billing disagree",
        sign_off={"Prepared by": "", "Reviewed by": "", "Date": ""},
    )
    assert again.read_bytes() == exported_page.read_bytes()


def with_output(tmp_path, mime, content, metadata=None):
    output = nbformat.v4.new_output("display_data", data={mime: content}, metadata=metadata or {})
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", outputs=[output], id="a")])
    nbformat.write(made, tmp_path / "n.ipynb")
    return tmp_path / "n.ipynb"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "<script src> refers to"),
        ('<link rel="stylesheet" href="https://cdn.example/x.css">', "<link href> refers to"),
        ('<img alt="x" src="https://cdn.example/x.png">', "<img src> refers to"),
        ('<img alt="x" src="picture.png">', "<img src> refers to picture.png"),
        ('<script type="module">import x from "https://cdn.example/x"</script>', "loads from the network"),
        ("<script>alert(1)</script>", "is not the kit's"),
        ("<style>@import 'x.css';</style>", "style sheet loads"),
        ("<style>a { background: url(https://cdn.example/x.png) }</style>", "style sheet loads"),
        ('<p style="background: url(//cdn.example/x.png)">x</p>', "style of a <p> loads"),
        ('<iframe src="about:blank"></iframe>', "embeds an <iframe>"),
        ('<p onclick="go()">x</p>', "carries a script in onclick"),
        ('<a href="javascript:go()">x</a>', "carries a script in href"),
        ('<svg><image href="https://cdn.example/x.png"/></svg>', "<image href> refers to"),
    ],
)
def test_a_page_that_would_not_stand_alone_is_refused(tmp_path, content, fault):
    source = with_output(tmp_path, "text/html", content)
    with pytest.raises(PageNotSelfContained, match=re.escape(fault)):
        export_notebook(source, tmp_path / "n.html", title="T", sign_off={})
    assert not (tmp_path / "n.html").exists()


def test_a_picture_without_text_is_refused_and_with_text_has_its_caption(tmp_path):
    bare = with_output(tmp_path, "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(PageNotSelfContained, match="no text for readers"):
        export_notebook(bare, tmp_path / "n.html", title="T", sign_off={})
    described = with_output(tmp_path, "image/svg+xml", "<svg/>", {"image/svg+xml": {"alt": 'A "falling" <line>'}})
    export_notebook(described, tmp_path / "n.html", title="T", sign_off={})
    page = (tmp_path / "n.html").read_text("utf-8")
    assert "<figcaption" in page
    assert html.unescape(page).count('A "falling" <line>') == 2
    assert "<line>" not in page


def test_links_to_follow_are_no_loading():
    require_self_contained('<a href="https://docs.stripe.com/currencies">rule</a>', "")


def test_headings_of_the_same_words_have_ids_of_their_own(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("## Control", id=name) for name in "ab"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    export_notebook(tmp_path / "n.ipynb", tmp_path / "n.html", title="T & <T>", sign_off={})
    page = (tmp_path / "n.html").read_text("utf-8")
    assert 'id="Control"' in page
    assert 'href="#Control-2"' in page
    assert "<title>T &amp; &lt;T&gt;</title>" in page


def test_the_index_opens_with_what_changed_then_its_verdict(tmp_path):
    (tmp_path / "gaps.xlsx").touch()
    render_index(tmp_path, tmp_path / "html" / "index.html", index_context())
    page = (tmp_path / "html" / "index.html").read_text("utf-8").partition("<body>")[2]
    figures = ["What changed", "1 new, 1 gone", "Tilbury Freight", "The close ties.", "Do first:", "214,500.00"]
    figures += ["01_extract.html", "Not in this version"]
    evidence = ["Every tie-out", "Not testable", "Prepared by", "Approved by", "9f86d081", "recon verify"]
    places = [page.index(words) for words in figures + evidence]
    assert places == sorted(places)
    assert "<code>gaps.xlsx</code>" in page
    assert "review.xlsx" not in page


def test_the_index_of_a_re_run_opens_with_what_it_supersedes():
    page = index_html(superseding())
    assert page.index("supersedes 2026-10-31") < page.index("What changed since") < page.index("Rows that differ")
    assert "<td>impact_minor</td>" in page


def test_an_index_that_does_not_tie_says_so_first():
    page = index_html(index_context(ties=False))
    assert "✗ The close does not tie." in page
    assert "The close ties." not in page
    assert "1 of 3 controls do not tie: gaps.bridge" in re.sub(r"<[^>]+>", "", page)


def test_an_index_with_nothing_to_say_says_that():
    context = index_context()
    quiet = replace(context, changes=pl.DataFrame(), changed="There is no previous close.", not_testable=pl.DataFrame())
    page = index_html(quiet)
    assert "There is no previous close." in page
    assert "Everything could be tested." in page


def test_the_executed_notebook_tells_its_parameters(executed_workpaper):
    metadata = json.loads(executed_workpaper.read_text("utf-8"))["metadata"]
    assert metadata["papermill"]["parameters"]["as_of"] == "2026-10-31"
