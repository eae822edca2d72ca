"""Search in titles and prompts for parts of words, ignoring case and Unicode normal form, with an index.

The index contains all sequences of three letters of each prompt, with the user's id (`migrations/*_search`). A query first finds the
prompts that contain all sequences of its terms, and then checks the prompts themselves.
"""

import re

_TERM = re.compile(r'"([^"]+)"|(\S+)')


def terms_of(text: str) -> list[str]:
    """Return the search terms: words, or phrases in quotation marks. A blank text has none, so it doesn't filter."""
    return [phrase or word for phrase, word in _TERM.findall(text)]


# $3: the terms. The index finds terms of three letters or more; if all terms are shorter, it finds sequences that start with them.
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

# Condition on a session `s`: its title contains all terms, or one of its prompts does.
MATCHES = """
  NOT EXISTS (SELECT FROM unnest((SELECT terms FROM wanted)) AS term WHERE strpos(search_text(s.title), term) = 0)
  OR (s.id IN (SELECT session_id FROM turns WHERE search_grams(search_text(prompt), user_id) @@ (SELECT query FROM wanted))
      AND EXISTS (
        SELECT FROM (SELECT search_text(prompt) AS prompt FROM turns WHERE session_id = s.id OFFSET 0) AS said
        WHERE NOT EXISTS (SELECT FROM unnest((SELECT terms FROM wanted)) AS term WHERE strpos(said.prompt, term) = 0)))
"""
