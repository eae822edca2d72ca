"""Search in titles and prompts: parts of words, in any case and any normal form, on an index.

The index has every three letters that stand one after another in a prompt, and whose prompt it is (`migrations/*_search`). What it finds
has all of their combinations; then the prompts themselves are looked into.
"""

import re

_TERM = re.compile(r'"([^"]+)"|(\S+)')


def terms_of(text: str) -> list[str]:
    """What has to be found: words, or what stands between quotation marks. None of a blank text, which narrows nothing."""
    return [phrase or word for phrase, word in _TERM.findall(text)]


# $3: the terms. With three letters or more the index finds them; shorter ones as beginnings, where there are no others.
WANTED = r"""
WITH terms AS (SELECT search_text(term) AS term FROM unnest($3::text[]) AS term),
grams AS (
  SELECT substr(term, place, 3) AS gram, '' AS mark FROM terms, generate_series(1, char_length(term) - 2) AS place
  UNION SELECT term, ':*' FROM terms WHERE char_length(term) < 3 AND (SELECT max(char_length(term)) FROM terms) < 3
  UNION SELECT $1::text, ''),
wanted AS MATERIALIZED (
  SELECT (SELECT array_agg(term) FROM terms) AS terms,
         string_agg('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''' || mark, ' & ')::tsquery AS query
  FROM grams)
"""

# Of a session `s`. All terms are in its title, or all in one prompt.
MATCHES = """
  NOT EXISTS (SELECT FROM unnest((SELECT terms FROM wanted)) AS term WHERE strpos(search_text(s.title), term) = 0)
  OR (s.id IN (SELECT session_id FROM turns WHERE search_grams(search_text(prompt), user_id) @@ (SELECT query FROM wanted))
      AND EXISTS (
        SELECT FROM (SELECT search_text(prompt) AS prompt FROM turns WHERE session_id = s.id OFFSET 0) AS said
        WHERE NOT EXISTS (SELECT FROM unnest((SELECT terms FROM wanted)) AS term WHERE strpos(said.prompt, term) = 0)))
"""
