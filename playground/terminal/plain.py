"""Text of others on a terminal: what would command it is shown as a sign.

A name or a model's answer may hold escape sequences, with which it could clear the screen, write into the clipboard or pretend to be
the command's own output.
"""

_SIGNS = {
    **{code: 0x2400 + code for code in range(0x20)},  # U+2400 ff.: "Control Pictures".
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),  # C1, which some terminals obey as well.
    ord("\t"): "\t",
    ord("\n"): "\n",
    ord("\r"): None,  # Before a line's end it says nothing; elsewhere what follows would hide what stands there.
}


def plain(text: str) -> str:
    """`text` without what a terminal obeys, but for line ends and tabs."""
    return text.translate(_SIGNS)
