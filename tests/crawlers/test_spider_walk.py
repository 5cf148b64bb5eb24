"""Where a walk goes on and where it ends."""

from crawlers.adapters.base import Link, ParsedPage
from crawlers.record import Kind, RawPost
from crawlers.walk import BARREN_PAGES, Step, Walk

MORE = (Link("http://a.example/list", "list", walk=True),)


def listing(*names: str, more: tuple[Link, ...] = MORE) -> ParsedPage:
    return ParsedPage(links=[Link(f"http://a.example/{name}", "detail") for name in names], more=more)


def walk_of(pages: list[ParsedPage], walk: Walk, known: set[str] = frozenset()) -> int:
    """How many of `pages` a walk reads."""
    step = Step("start")
    for index, page in enumerate(pages):
        following = walk.next_step(step, page)
        if not walk.onward(step, page, f"hash{index}", lambda link: link.url.rsplit("/", 1)[1] in known):
            return index + 1
        step = following
    return len(pages)


def test_goes_on_to_the_end() -> None:
    walk = Walk(stops_at_known=False, depth_limit=100)
    assert walk_of([listing(str(i)) for i in range(20)] + [listing("x", more=())], walk) == 21
    assert walk.cut == []


def test_known_ground_ends_it_only_when_asked() -> None:
    pages = [listing("new1"), listing("old1", "new2"), listing("old2", "old3"), listing("old4")]
    known = {"old1", "old2", "old3", "old4"}
    assert walk_of(pages, Walk(stops_at_known=True, depth_limit=100), known) == 3
    assert walk_of(pages, Walk(stops_at_known=False, depth_limit=100), known) == 4


def test_what_this_run_found_itself_is_no_known_ground() -> None:
    """New messages push old ones to the next page while the list is walked."""
    walk = Walk(stops_at_known=True, depth_limit=100)
    landed: set[str] = set()
    step, read = Step("start"), 0
    for page in [listing("n1", "n2"), listing("n1", "n2"), listing("n3"), listing("old")]:
        read += 1
        following = walk.next_step(step, page)
        more = walk.onward(step, page, f"h{read}", lambda link: link.url in landed or link.url.endswith("old"))
        landed.update(link.url for link in page.links)
        if not more:
            break
        step = following
    assert read == 4


def test_the_same_page_again_ends_it() -> None:
    walk = Walk(stops_at_known=False, depth_limit=100)
    assert walk.onward(Step("s"), listing("1"), "same", lambda link: False)
    assert not walk.onward(Step("s", 1), listing("2"), "same", lambda link: False)
    assert walk.cut
    assert walk.onward(Step("other"), listing("3"), "same", lambda link: False)


def test_pages_without_anything_new_end_it() -> None:
    walk = Walk(stops_at_known=False, depth_limit=1000)
    assert walk_of([listing("1", "2")] * 50, walk) == 1 + BARREN_PAGES
    assert walk.cut


def test_pages_with_posts_are_never_barren() -> None:
    post = RawPost(Kind.ARTICLE, "http://a.example/p", "t", "x")
    pages = [ParsedPage(posts=(post,), more=MORE)] * 30
    assert walk_of(pages, Walk(stops_at_known=False, depth_limit=1000)) == 30


def test_depth_limit_is_said() -> None:
    walk = Walk(stops_at_known=False, depth_limit=10)
    assert walk_of([listing(str(i)) for i in range(50)], walk) == 11
    assert "10" in walk.cut[0]
