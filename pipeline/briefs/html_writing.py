"""The brief as one HTML file: no script, nothing fetched, pictures inside, fit for print and for a phone."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from pipeline.briefs.model import Block, Brief, Cell, Chart, Figure, Heading, Link, Paragraph, Quotation, Table
from pipeline.briefs.origins import origin_lines
from pipeline.briefs.record import dumped
from pipeline.briefs.showing import fit, fit_kept, web_address
from pipeline.briefs.titling import issue_line, made_day
from pipeline.briefs.words import ground_words, measure_words

_STYLE = """
:root{color-scheme:light}
body{margin:0;background:#f3f4f4;color:#1d1d1d;font:16px/1.8 "仿宋_GB2312","FangSong","STFangsong","Noto Serif CJK SC",serif}
main{box-sizing:border-box;max-width:210mm;margin:0 auto;padding:18mm 20mm;background:#fff}
.masthead{margin:0;text-align:center;color:#c8101a;font:normal 40px/1.4 "方正小标宋简体","STZhongsong","SimSun","Noto Serif CJK SC",serif}
.issue{margin:.3em 0;text-align:center}.issuer{display:flex;justify-content:space-between;border-bottom:2px solid #c8101a;padding-bottom:.2em}
h1{margin:1.4em 0 .8em;text-align:center;font:normal 26px/1.5 "方正小标宋简体","STZhongsong","SimSun","Noto Serif CJK SC",serif}
h2{margin:1.4em 0 .3em;font:normal 18px/1.7 "黑体","SimHei","Noto Sans CJK SC",sans-serif}
h3{margin:1em 0 .2em;font:normal 17px/1.7 "楷体_GB2312","KaiTi","STKaiti","Noto Serif CJK SC",serif}
h4,h5{margin:.6em 0 .2em;font-size:16px}
p{margin:.3em 0;text-indent:2em;overflow-wrap:anywhere}.note,.told{text-indent:0;color:#555;font-size:13.5px}
blockquote{margin:.6em 0 .6em 2em;padding-left:.8em;border-left:3px solid #d5dde0}blockquote p{text-indent:0}
.told{margin-top:.1em}
table{width:100%;margin:.6em 0 1em;border-collapse:collapse;table-layout:fixed;font-size:14px;line-height:1.55;
border-top:1.5px solid #4a4a4a;border-bottom:1.5px solid #4a4a4a}
caption{padding:.3em;font-family:"黑体","SimHei","Noto Sans CJK SC",sans-serif;font-size:14px}
th{background:#eef3f5;font-weight:normal;font-family:"黑体","SimHei","Noto Sans CJK SC",sans-serif;text-align:left}
th,td{padding:.25em .5em;border-bottom:1px solid #b9c2c6;overflow-wrap:anywhere;vertical-align:middle}.n{text-align:right}
figure{margin:1em 0;text-align:center}figcaption{font-family:"黑体","SimHei","Noto Sans CJK SC",sans-serif;font-size:14px}
img{max-width:100%;height:auto}a{color:#1f4e79}data{font-style:normal}
.origins{font-size:11px;line-height:1.45}.origins p{text-indent:0;margin:.15em 0}.origins span{color:#666}
@media (max-width:640px){main{padding:6mm 5mm}.masthead{font-size:28px}h1{font-size:21px}}
@page{size:A4;margin:37mm 26mm 35mm 28mm}
@media print{body{background:#fff}main{max-width:none;padding:0}thead{display:table-header-group}
tr,figure,blockquote{break-inside:avoid}h2,h3,h4{break-after:avoid}}
"""
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<main>
<header>
<p class="masthead" style="text-indent:0">{{ masthead }}</p>
<p class="issue" style="text-indent:0">{{ issue }}</p>
<p class="issuer" style="text-indent:0"><span>{{ issuer }}</span><span>{{ date }}</span></p>
</header>
<h1>{{ title }}</h1>
{% for section in sections %}<section id="{{ section.name }}">
{% for block in section.blocks %}{{ block }}
{% endfor %}</section>
{% endfor %}<section class="origins" id="origins">
<h2>附：数字出处</h2>
{% for ground, told in origins %}<p><span>{{ ground }}</span>：{{ told }}</p>
{% endfor %}</section>
</main>
<template id="qingyu-brief">{{ record }}</template>
</body>
</html>
"""
_ENVIRONMENT = Environment(autoescape=True)


def write_html(brief: Brief, pictures: Mapping[str, bytes]) -> bytes:
    """The file, UTF-8. pictures: of charts by title."""
    page = _ENVIRONMENT.from_string(_PAGE).render(
        style=Markup(_STYLE),  # noqa: S704 - our own constant
        title=fit(brief.title),
        masthead=fit(brief.masthead),
        issue=issue_line(brief),
        issuer=fit(brief.issuer),
        date=made_day(brief),
        sections=[{"name": s.name, "blocks": [_block(b, pictures) for b in s.blocks]} for s in brief.sections],
        origins=origin_lines(brief),
        record=dumped(brief),
    )
    return page.encode("utf-8")


def _block(block: Block, pictures: Mapping[str, bytes]) -> Markup:
    if isinstance(block, Heading):
        level = block.level + 1
        return Markup("<h{0}>{1}</h{0}>").format(level, fit(block.text))
    if isinstance(block, Paragraph):
        lead = Markup("<b>{}</b>").format(block.lead) if block.lead else Markup("")
        return Markup('<p class="{}">{}{}</p>').format("note" if block.small else "text", lead, _cell(block.pieces))
    if isinstance(block, Quotation):
        quoted = Markup('<blockquote><p>“{}”</p><p class="told">{}</p></blockquote>')
        return quoted.format(_cell((block.text,)), _cell(block.told))
    return _table(block) if isinstance(block, Table) else _chart(block, pictures)


def _chart(block: Chart, pictures: Mapping[str, bytes]) -> Markup:
    if block.title not in pictures:
        return Markup('<p class="note">{}：{}</p>').format(fit(block.title), fit(block.alt))
    data = base64.b64encode(pictures[block.title]).decode("ascii")
    whole = Markup('<figure><figcaption>{}</figcaption><img alt="{}" src="data:image/png;base64,{}"></figure>')
    return whole.format(fit(block.title), fit(block.alt), data)


def _table(block: Table) -> Markup:
    sides = ["n" if n in block.right else "t" for n in range(len(block.columns))]
    caption = Markup("<caption>{}</caption>").format(fit(block.title)) if block.title else Markup("")
    columns = Markup("").join(Markup('<col style="width:{}%">').format(round(share * 100)) for share in block.widths)
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(side, fit(name))
        for side, name in zip(sides, block.columns, strict=True)
    )
    rows = Markup("").join(
        Markup("<tr>{}</tr>\n").format(
            Markup("").join(
                Markup('<td class="{}">{}</td>').format(side, _cell(cell))
                for side, cell in zip(sides, row, strict=True)
            )
        )
        for row in block.rows
    )
    whole = Markup("<table>{}<colgroup>{}</colgroup><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table>")
    return whole.format(caption, columns, head, rows)


def _cell(cell: Cell) -> Markup:
    return Markup("").join(_piece(one) for one in cell)


def _piece(one: Any) -> Markup:
    if isinstance(one, Figure):
        told = f"{measure_words(one)}：{fit(ground_words(one.origin))}"
        return Markup('<data data-figure="{}" value="{}" title="{}">{}</data>').format(
            one.id, fit(str(one.value)), told, fit_kept(one.shown)
        )
    if isinstance(one, Link):
        if not (target := web_address(one.url)):
            return escape(fit_kept(one.text))
        return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(target, fit_kept(one.text))
    return escape(fit_kept(one))
