"""Text from other sources on a terminal: control characters are shown as visible signs.

A name or a model's answer may contain escape sequences, which could clear the screen, write to the clipboard or imitate the command's
own output.
"""

_SIGNS = {
    **{code: 0x2400 + code for code in range(0x20)},  # U+2400 ff.: "Control Pictures".
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),  # C1, which some terminals also interpret.
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),  # They turn around the order of what follows, also ours.
    ord("\t"): "\t",
    ord("\n"): "\n",
    ord("\r"): None,  # Meaningless before a line feed; elsewhere, the following text would overwrite the line.
}


def plain(text: str) -> str:
    """Return `text` without the control characters of terminals and of writing direction, except line feeds and tabs."""
    return text.translate(_SIGNS)
