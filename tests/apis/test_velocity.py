"""Velocity: what templates write, and what they cannot reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.apis.velocity import Template, TemplateError, Tool

NAMES = {
    "map": {"a": 1, "b": [1, 2, {"c": "x"}], "empty": {}},
    "text": "Hello, World",
    "no": False,
    "tool": Tool({"twice": lambda text: text * 2}, {"name": "tool"}),
}


def render(text):
    return Template(text).render({**NAMES, "map": dict(NAMES["map"])})


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("$map.a ${map.b[2].c}!", "1 x!"),
        ("$nothing $!nothing|${nothing.more}", "$nothing |${nothing.more}"),
        ("#if($map.a == 1 && !$no)yes#{else}no#end", "yes"),
        ("#if($nothing)1#elseif($map.a > 5)2#else 3#end", " 3"),
        ("#foreach($x in $map.b)$foreach.index:$x#if($foreach.hasNext),#end#end", "0:1,1:2,2:{c=x}"),
        ("#foreach($x in [1..9])#if($x > 3)#break#end$x#end", "123"),
        ('#set($x = 7 / 2 + 2 * 3)$x #set($s = "a${map.a}")$s', "9 a1"),
        ("$text.toUpperCase().replaceAll('O', '0') $text.substring(0, 5).length()", "HELL0, W0RLD 5"),
        ("$text.split(', ')[1] $text.contains('World') $map.b.size() $map.keySet()", "World true 3 [a, b, empty]"),
        ("#set($m = {'k': [1, 'two']})$m.k.get(1) $!m.put('n', 3)$m.n", "two 3"),
        ("#macro(twice $x)$x$x#end#twice('ab')", "abab"),
        ("#define($block)<$map.a>#end$block$block", "<1><1>"),
        ("a ## comment\nb #* more *#c #[[ $raw #if ]]# \\$d", "a b c  $raw #if  $d"),
        ("$tool.twice('ab') $tool.name", "abab tool"),
        ("#stop after", ""),
        ("100% #1 $5 ${", "100% #1 $5 ${"),
    ],
)
def test_a_template_writes(template, written):
    assert render(template) == written


@pytest.mark.parametrize(
    "template", ["#if(1)", "#set($x = )", "#end", "$map.b.get(9)", "#foreach($x in [0..2000])$x#end"]
)
def test_what_is_no_template_or_cannot_be_done_is_refused(template):
    with pytest.raises(TemplateError):
        render(template)


@pytest.mark.parametrize(
    "template",
    [
        "$text.replaceAll('o', '$1')",
        "#set($m = {[1]: 2})",
        "$map[[1]]",
        "#set($l = [1])#set($l[-5] = 3)",
        "#set($x = 7)#foreach($i in [1..20])#set($x = $x * $x)#end$x",
        "#set($x = $text)#foreach($i in [1..40])#set($x = $x.concat($x))#end",
        "#set($l = [1])#foreach($i in [1..40])#set($done = $l.addAll($l))#end",
        "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = 1)#end#end",
        "#macro(f $n)#f($n)#f($n)#end#f(1)",
    ],
)
def test_no_template_breaks_or_stops_the_server(template):
    with pytest.raises(TemplateError):
        render(template)


def test_templates_reach_no_python(template="$text.__class__ $map.__init__ $tool.methods $text.format($map)"):
    assert render(template) == template


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_refused(text):
    try:
        Template(text).render({})
    except TemplateError:
        pass
