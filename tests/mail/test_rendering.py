"""Templates, without a server."""

import pytest

from fogbank.mail import rendering

DATA = {
    "name": "Ada",
    "order": {"id": 7, "lines": [{"what": "tea"}, {"what": "milk"}]},
    "empty": [],
    "yes": True,
    "html": "<b>",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{name}}, {{ order.id }}{{! a comment }}", "Hello Ada, 7"),
        ("{{html}} {{{html}}}", "<b> <b>"),
        ("{{#each order.lines}}{{@index}}={{what}}{{#unless @last}},{{/unless}}{{/each}}", "0=tea,1=milk"),
        ("{{#each empty}}x{{else}}none{{/each}}", "none"),
        ("{{#if missing}}a{{else}}{{#if yes}}b{{/if}}{{/if}}", "b"),
        ("{{#with order}}{{id}} {{../name}}{{/with}}", "7 Ada"),
        ("{{#each order}}{{@key}};{{/each}}", "id;lines;"),
        ("{{order.lines.[1].what}} {{order.lines.0.what}}", "milk tea"),
        ("a {{~name~}} b", "aAdab"),
        ('{{#* inline "line"}}-{{what}}{{/inline}}{{#each order.lines}}{{> line}}{{/each}}', "-tea-milk"),
        ("{{yes}}", "true"),
    ],
)
def test_a_template_is_rendered(template, text):
    assert rendering.render(template, DATA) == text


@pytest.mark.parametrize("template", ["{{#if a}}", "{{/if}}", "{{#loop a}}{{/loop}}", "{{a b", "{{#if a}}{{/each}}"])
def test_what_is_no_template_is_refused(template):
    with pytest.raises(rendering.BadTemplate):
        rendering.parse(template)


def test_a_value_that_is_missing_is_named():
    with pytest.raises(
        rendering.MissingValue, match=r"Attribute 'order\.total' is not present in the rendering data\."
    ):
        rendering.render("{{order.total}}", DATA)


@pytest.mark.parametrize(
    "template",
    [
        "{{" * 20_000,
        "{{!-- " * 20_000,
        "{{{ " * 20_000,
        "{{#if yes}}" * 5000,
        '{{#* inline "a"}}{{> a}}{{/inline}}{{> a}}',
        "".join(f"{{{{#each {'../' * depth}big}}}}" for depth in range(6)) + "x" + "{{/each}}" * 6,
    ],
)
def test_no_template_breaks_or_stops_the_server(template, monkeypatch):
    monkeypatch.setattr(rendering, "_MOST_EFFORT", 1000)
    with pytest.raises(rendering.BadTemplate):
        rendering.render(template, {**DATA, "big": list(range(10))})
