"""Common words of English and a few related languages, which say nothing about the subject of a text."""

_ENGLISH = """
about above after again against also always am among an and another any anything are as at be because been before being below best
better between both but by can can't come comes could describe did difference different do does doesn't doing don't done down during
each easy either else even ever every everything example examples explain few find first for from get gets give given gives going
good got had has have having he help here how i'd i'm i've if in into is isn't it it's its just keep kind know let let's like list
little look made make makes many may me means might more most much must my need needs never new no not nothing now of off oh ok on
one only or other our out over own part people per person please possible question really right same say see several shall she short
should show since so some someone something still such sure take tell than thank thanks that that's the their them then there these
they thing things think this those through to today too two under until up upon us use used using very via vs want was way ways we
were what what's when where whether which while who whom why will with within without won't words work working works would write yes
you you're your
"""
_GERMAN = """
als auf aus bei bitte das dass dem den der des die ein eine einem einen einer erkläre für ich ist kann können mein mich mir mit nach
nicht oder sich sind und von warum was welche wenn wie wird zum zur zwischen
"""
_FRENCH = """
avec comment dans des elle est les mais nous par pas peux pour pourquoi quel quelle que qui sont sur une vous
"""
_SPANISH = """
como con cómo del ella esta está este hacer las los más para pero por porque puedo qué que quiero ser sin son sus una
"""
_ITALIAN = """
che come cosa della delle di dove nel nella perché per più quali sono una voglio
"""
_RUSSIAN = """
где если или как какая какие какой когда который между меня мне можно нужно она они почему при про чем что чтобы это этот
"""

COMMON_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_ITALIAN} {_RUSSIAN}".split())
