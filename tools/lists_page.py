"""Make the reference page of the shipped lists from their tables.

python tools/lists_page.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from monitor import lists

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "lists.md"

HEAD = """\
# Shipped lists

Lists that every rule can name without writing them: `@c/…` for countries, `@w/…` for what news does. Each speaks
English, German, French, Spanish, Italian, Russian, Ukrainian and Portuguese, and is looked for in every text, whatever
its language.

```toml
[rules]
tehran   = "@c/iran (nuclear OR ядерный)"
cabinets = "@w/resigns (minister OR министр OR ministre)"
lenders  = "@w/sanctions bank NOT @c/russia"
```

A list is one mention with alternatives, as a list of `[terms]` is. A list of your own under the same name goes before
the shipped one: `"c/iran" = ["Iran", "Persia"]` in `[terms]`.

How values are written, here and in `[terms]`: `Iranian*` finds what begins so, `=Iran` exactly itself, and a phrase
finds its words in any form, side by side. Single words are beginnings or exact here: the stem of a word is another word
in the next language (*island* is what is left of Spanish *islandés*).

"""

COUNTRIES = """\
## Countries

`@c/NAME` finds a country's names, its people (*Iranian*, *иранцы*) and its capital. There is one for each member of the
United Nations, for Kosovo, Palestine, Taiwan and the Vatican, and for territories that news reports on. Names come from
[CLDR](https://cldr.unicode.org), under the [Unicode licence](../../monitor/lists/LICENSE.unicode); people and capitals
are wirebell's own, in all eight languages for the countries that wires report on most.

What a list leaves out, and what it cannot tell apart:

- No houses that stand for a government: neither the Kremlin nor Downing Street. A rule that wants them names them.
- No capital that mostly means something else: Brussels (the EU), Jerusalem (whose it is, is disputed), Kingston,
  Georgetown, Nassau, Victoria, Praia, Sucre. Sofia is found behind "in".
- A name inside another one is found: `@c/guinea` in Papua New Guinea, `@c/sudan` in South Sudan, `@c/ireland` in
  Northern Ireland. `@c/guinea NOT @c/papua-new-guinea` keeps them apart.
- Namesakes are found: Georgia the state, Jordan the player, Chad the man, Washington the state, *Monaco* for Munich,
  *Roma* the people.
- Congo alone is the one of Kinshasa (`@c/dr-congo`); `@c/congo` finds Brazzaville.
- *America* is left out for the sake of Latin America; *American* is there. So is German *Island*, for the sake of
  English islands, but for *auf Island* and the like.

| list | finds |
|---|---|
"""

VERBS = """\

## News verbs

`@w/NAME` finds what happened, told in verbs, nouns and the phrases of headlines. They find a word, not a role: in
"bank sues trader" and "trader sues bank" alike. What stands apart in a sentence is found only where a phrase covers it:
German *tritt zurück*, but not *tritt nach dem Streit zurück*; *Rücktritt* helps. `@w/strike` is the one of workers;
missiles are `@w/attacks`.

"""


def page() -> str:
    """Return the whole page."""
    return HEAD + COUNTRIES + "\n".join(_countries()) + "\n" + VERBS + "\n\n".join(_verbs()) + "\n"


def _countries() -> Iterator[str]:
    for name, others in lists.synonyms().items():
        named = ", ".join(f"`@{lists.COUNTRY}{each}`" for each in (name, *others))
        yield f"| {named} | {_values(lists.shipped(lists.COUNTRY + name) or ())} |"


def _verbs() -> Iterator[str]:
    for name, spoken in lists.verbs().items():
        lines = (f"- **{language}** {_values(words)}" for language, words in spoken.items())
        yield "\n".join((f"### @{lists.VERB}{name}", "", *lines))


def _values(words: tuple[str, ...]) -> str:
    return f"`{', '.join(words)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
