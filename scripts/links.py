"""Checks that every relative link of the pages leads to a file, and every anchor to a heading."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("crates/*/weights/*.md"),
    *ROOT.glob("training/*.md"), *ROOT.glob("crates/*/tests/data/*.md"),
]


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as the usual viewers make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def main() -> None:
    """Prints what leads nowhere; exit 1 if anything does."""
    broken = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link} leads nowhere")
    print("\n".join(broken) or f"{len(PAGES)} pages, all links lead somewhere")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
