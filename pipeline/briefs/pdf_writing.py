"""The brief as PDF by typst, which needs no office suite. What posts say goes in as JSON and is set as text, never as markup."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.text import tr
from pipeline.briefs.fonts import FAMILIES, need_chinese, present
from pipeline.briefs.model import Block, Brief, Cell, Chart, Figure, Heading, Link, Paragraph, Quotation, Table
from pipeline.briefs.origins import grouped, told
from pipeline.briefs.record import dumped
from pipeline.briefs.showing import fit, fit_kept, web_address
from pipeline.briefs.titling import issue_line, made_day

_PICTURE_MM = 150


def write_pdf(brief: Brief, template: Path, pictures: Mapping[str, bytes], families: frozenset[str]) -> bytes:
    """The file. families: fonts of this machine. Raises StageError without a Chinese font, ConfigError for a faulty template."""
    import typst

    need_chinese(families)
    with tempfile.TemporaryDirectory(prefix="qingyu-brief-") as name:
        folder = Path(name)
        files = {title: f"chart{n}.png" for n, title in enumerate(pictures)}
        for title, file in files.items():
            (folder / file).write_bytes(pictures[title])
        data = {**_data(brief, files, pictures), "fonts": {use: present(use, families) for use in FAMILIES}}
        (folder / "brief.json").write_text(json.dumps(data, ensure_ascii=True), encoding="ascii")
        (folder / "brief.typ").write_bytes(template.read_bytes())
        try:
            made: bytes = typst.compile(folder / "brief.typ", root=folder, timestamp=round(brief.made_at.timestamp()))
        except typst.TypstError as error:
            told_ = str(error).splitlines()[0][:200] if str(error) else ""
            message = tr("PDF 版式 {p} 用不了：{e}", "the PDF layout {p} cannot be used: {e}", p=template, e=told_)
            raise ConfigError(message) from error
    return made


def _data(brief: Brief, files: Mapping[str, str], pictures: Mapping[str, bytes]) -> dict[str, Any]:
    listed = [
        {"ground": fit(ground), "ids": [one.id for one in figures], "told": "；".join(told(one) for one in figures)}
        for ground, figures in grouped(brief)
    ]
    # Verbatim text has no row of its own; its label stands at the end of the list.
    texts = [one.id for one in brief.figures() if one.form == "text"]
    return {
        "title": fit(brief.title),
        "masthead": fit(brief.masthead) or "简报",
        "issue": issue_line(brief),
        "issuer": fit(brief.issuer),
        "date": made_day(brief),
        "record": dumped(brief),
        "blocks": [made for s in brief.sections for block in s.blocks for made in _blocks(block, files, pictures)],
        "origins": [*listed, {"ground": "摘录与时间", "ids": texts, "told": "照原帖，见各条后面的链接"}],
    }


def _blocks(block: Block, files: Mapping[str, str], pictures: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    if isinstance(block, Heading):
        yield {"kind": "heading", "level": block.level, "text": fit(block.text)}
    elif isinstance(block, Paragraph):
        yield {"kind": "note" if block.small else "paragraph", "lead": block.lead, "pieces": _pieces(block.pieces)}
    elif isinstance(block, Quotation):
        yield {"kind": "quotation", "pieces": _pieces((block.text,)), "told": _pieces(block.told)}
    elif isinstance(block, Table):
        yield _table(block)
    elif block.title in files:
        yield _chart(block, files[block.title], pictures[block.title])
    else:
        yield {"kind": "note", "pieces": _pieces((f"{block.title}：{block.alt}",))}


def _chart(block: Chart, file: str, data: bytes) -> dict[str, Any]:
    width = min(_PICTURE_MM, _PICTURE_MM * int.from_bytes(data[16:20], "big") / 1120)
    return {"kind": "chart", "title": fit(block.title), "alt": fit(block.alt), "file": file, "width": width}


def _table(block: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": fit(block.title),
        "columns": [fit(name) for name in block.columns],
        "widths": list(block.widths),
        "right": list(block.right),
        "rows": [[{"pieces": _pieces(cell)} for cell in row] for row in block.rows],
    }


def _pieces(cell: Cell) -> list[dict[str, str]]:
    found = []
    for one in cell:
        if isinstance(one, Figure):
            found.append({"kind": "figure", "id": one.id, "text": fit_kept(one.shown)})
        elif isinstance(one, Link):
            target = web_address(one.url)
            found.append({"kind": "link" if target else "text", "url": target, "text": fit_kept(one.text)})
        else:
            found.append({"kind": "text", "text": fit_kept(one)})
    return found
