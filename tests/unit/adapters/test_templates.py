"""Templates make messages, or say why not; and nothing in one or in a variable takes memory, time or files."""

import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.message import Message
from orchestrator.adapters.templates import TemplateError, Templates, read_templates
from orchestrator.errors import ConfigurationError


def a_folder(folder: Path, **parts: str) -> Path:
    """``welcome_txt="…"`` becomes ``welcome.txt.liquid``."""
    folder.mkdir(exist_ok=True)
    for name, text in parts.items():
        (folder / f"{name.replace('_', '.')}.liquid").write_text(text)
    return folder


def rendered(folder: Path, source: str, part: str = "txt", **variables: Any) -> str | None:
    templates = Templates(a_folder(folder, **{f"t_{part}": source}))
    message = templates.render("t", variables)
    return message.html if part == "html" else message.text


def test_a_template_makes_subject_text_and_html(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path / "t",
        welcome_subject="Hello\n {{ name }}\n",
        welcome_txt="Dear {{ name | capitalize }}, {% for each in items %}{{ each.title }};{% endfor %}",
        welcome_html="<p>{{ name }}</p>",
    )
    message = Templates(folder).render("welcome", {"name": "ana <b>", "items": [{"title": "A"}, {"title": "B"}]})
    assert message == Message("Hello ana <b>", "Dear Ana <b>, A;B;", "<p>ana &lt;b&gt;</p>")


@pytest.mark.parametrize("variables", [{}, {"name": None}, {"name": {}}])
def test_a_message_is_not_made_half_empty(tmp_path: Path, variables: dict[str, Any]) -> None:
    templates = Templates(a_folder(tmp_path / "t", t_txt="Dear {{ name.first }}"))
    with pytest.raises(TemplateError, match=r"^template: txt: .*undefined"):
        templates.render("t", variables)


@pytest.mark.parametrize(
    "source",
    ["{{ v | date: '%Y' }}", "{{ v | divided_by: 0 }}", "{{ 3 | times: v | divided_by: w }}", "{{ v | slice: w }}"],
)
def test_a_reason_has_no_value_of_a_variable_in_it(tmp_path: Path, source: str) -> None:
    templates = Templates(a_folder(tmp_path / "t", t_txt=source))
    with pytest.raises(TemplateError) as caught:
        templates.render("t", {"v": "ana@example.org", "w": "secret"})
    assert "ana" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_template_may_say_what_else_or_ask_first(tmp_path: Path) -> None:
    source = "{{ name | default: 'you' }}{% if coupon %} {{ coupon }}{% endif %}{{ a.b.c | default: '!' }}"
    assert rendered(tmp_path / "t", source, a={}) == "you!"
    assert rendered(tmp_path / "t", source, a={}, coupon="X1", name=None) == "you X1!"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "t.txt", "t\x00", "", "..", "t/../t", "a" * 10_000])
def test_a_name_leads_to_a_template_and_never_to_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt.liquid").write_text("secret")
    templates = Templates(a_folder(tmp_path / "t", t_txt="hello"))
    with pytest.raises(TemplateError, match=r"^template: there is none of the name"):
        templates.render(name, {})


HOSTILE = [
    "{{ (1..30000000) | join: ',' | size }}",
    "{% assign x = (1..30000000) %}{{ x | join }}",
    "{% for i in (1..100000) %}x{% endfor %}",
    "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}",
    "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..30) %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
    "{% assign x = 'aa' %}{% for i in (1..30) %}{% assign x = x | replace: 'a', x %}{% endfor %}",
    "{% capture x %}aaaaaaaaaa{% endcapture %}{% for i in (1..40) %}{% capture x %}{{ x }}{{ x }}{% endcapture %}"
    "{% endfor %}",
    "{% assign x = 10 %}{% for i in (1..900) %}{% assign x = x | times: x %}{% endfor %}",
    "{{ big | replace: 'a', big }}",
    "{{ big | append: big | append: big }}",
    "{{ big | split: '' | size }}",
    "{{ many | join: big }}",
    "{{ '2026-01-01' | date: '%0999999999d' }}",
    "{{ 'now' | date: '%Y' }}",
    "{{ x.__class__.__mro__ }}",
    "{{ ''.__class__ }}",
    "{{ many.__len__ }}",
    "{% for i in (1..1000) %}{% if " + " or ".join(["big contains 'bc'"] * 300) + " %}x{% endif %}{% endfor %}",
    "{{ deep }}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_bomb_is_refused_in_no_time(tmp_path: Path, source: str) -> None:
    deep: list[Any] = []
    for _ in range(64):  # and the variables themselves are a level
        deep = [deep]
    began = time.process_time()
    with pytest.raises((TemplateError, ConfigurationError)):
        rendered(tmp_path / "t", source, x=1, big="a" * 60_000, many=["a"] * 900, deep=deep)
    assert time.process_time() - began < 20  # unbounded, the first of them takes 41 s and 3 GiB


@pytest.mark.parametrize(
    "source",
    [
        "{% include 'other' %}",
        "{% render 'other' %}",
        "{% cycle 'a' %}",
        "{% increment x %}",
        "{{ x | safe }}",
        "{{ x | base64_decode }}",
        "{{ x | nothing }}",
        "{{ x",
        "{% if x %}",
        "{% if %}" * 40,
        "{% comment %}" + "{% if x %}" * 20 + "{% endif %}" * 20,
    ],
)
def test_what_a_template_may_not_have_is_told_before_it_is_used(tmp_path: Path, source: str) -> None:
    found = read_templates(a_folder(tmp_path / "t", t_txt=source))
    assert [problem.path for problem in found.problems] == ["t.txt.liquid"]
    with pytest.raises(ConfigurationError, match=r"t\.txt\.liquid"):
        Templates(tmp_path / "t")


def test_everything_wrong_with_a_folder_is_told_at_once(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path / "t", a_txt="{{ x", b_subject="only a subject", c_txt="{% for i in (1..2) %}", d_pdf="x"
    )
    (folder / "e.txt.liquid").write_bytes(b"\xff\xfe")
    (folder / "f.txt.liquid").write_text("x" * 300_000)
    (folder / "g.txt.liquid").write_text("{%if x%}{%endif%}" * 600)
    paths = {problem.path for problem in read_templates(folder).problems}
    assert paths == {
        "a.txt.liquid",
        "b",
        "c.txt.liquid",
        "d.pdf.liquid",
        "e.txt.liquid",
        "f.txt.liquid",
        "g.txt.liquid",
    }
    assert read_templates(tmp_path / "nowhere").problems


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", '" onclick="x', ["<b>", "<i>"], {"a": "<b>"}, "&lt;", "<b>" * 1_000]
)
def test_whatever_a_variable_has_is_text_in_html(tmp_path: Path, value: Any) -> None:
    for source in (
        "{{ v }}",
        "{{ v | default: '<b>' }}",
        "{% assign w = v %}{{ w }}",
        "{% capture w %}{{ v }}{% endcapture %}{{ w }}",
    ):
        html = rendered(tmp_path / "t", source, "html", v=value)
        assert html is not None
        assert "<" not in html
        assert '"' not in html


def test_a_subject_is_one_line_whatever_is_in_the_variables(tmp_path: Path) -> None:
    templates = Templates(a_folder(tmp_path / "t", t_subject="Hi {{ name }}", t_txt="x"))
    assert templates.render("t", {"name": "Ana\r\nBcc: all@example.org"}).subject == "Hi Ana Bcc: all@example.org"


def test_what_a_template_looks_at_is_listed(tmp_path: Path) -> None:
    found = read_templates(
        a_folder(tmp_path / "t", t_txt="{{ a.b }}{% for i in c %}{{ i }}{% endfor %}", t_subject="{{ d }}")
    )
    assert found.templates["t"].variables == ("a", "c", "d")


def test_dates_numbers_and_lists_have_what_messages_need(tmp_path: Path) -> None:
    source = (
        "{{ at | date: '%d.%m.%Y %H:%M' }} {{ price | times: 2 | round: 1 }} {{ l | sort | join: '-' }} {{ l.size }}"
    )
    said = rendered(tmp_path / "t", source, at="2026-01-31T09:30:00Z", price=1.25, l=["b", "a"])
    assert said == "31.01.2026 09:30 2.5 a-b 2"
