"""Posts that would harm a page which took them for HTML, Markdown, formulas or its own words."""

HOSTILE = [
    "<script>window.__pwned=1</script>脚本 hostilecase",
    '<img src=x onerror="window.__pwned=2">图片 hostilecase',
    "<svg onload=window.__pwned=3></svg>矢量 hostilecase",
    "![远程图](http://127.0.0.1:9/pixel.png) [点我](javascript:window.__pwned=4) hostilecase",
    ":red[染色] :material/skull: $$\\frac{1}{2}$$ `代码` **粗** hostilecase",
    '=HYPERLINK("http://127.0.0.1:9","x") hostilecase',
    "\u202e倒过来\u202c\u200b\u200b零宽 hostilecase",
    "长" * 20_000 + " hostilecase",
]
SOURCE = (
    "name: hostile\nkind: import\nfiles: hostile.jsonl\ncolumns: {id: id, title: title, text: text, published: at}\n"
)
