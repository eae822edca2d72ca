-- Search in prompts. Written by hand: Prisma's schema has neither functions nor indexes of expressions.
-- No statement may have a semicolon within, since they are taken apart at those.

-- Text as it is compared: without case, and the same whether a letter and its accent are one character or two. Of what is very long it is the
-- beginning: to take 256 KB apart is a tenth of a second of the processor's time. Some characters become eighteen.
CREATE FUNCTION "search_text"("original" text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT lower(left(normalize(left(original, 65536), NFKC), 65536)) $$;

-- Every three letters that stand one after another, with whose they are: so parts of words are found, and words of languages without spaces.
-- A tsvector takes at most a megabyte: these 65536 characters have at most three quarters of that.
CREATE FUNCTION "search_grams"("folded" text, "owner" text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
AS $$
  SELECT array_to_tsvector(array_append(array_agg(gram), owner))
  FROM (
    SELECT DISTINCT letter || lead(letter, 1, '') OVER following || lead(letter, 2, '') OVER following AS gram
    FROM unnest(string_to_array(folded, NULL)) WITH ORDINALITY AS letters(letter, place)
    WINDOW following AS (ORDER BY place)) AS grams
$$;

CREATE INDEX "turns_search_idx" ON "turns" USING gin ("search_grams"("search_text"("prompt"), "user_id"));

-- Without this, each ANALYZE would take thousands of prompts apart again.
ALTER INDEX "turns_search_idx" ALTER COLUMN 1 SET STATISTICS 0;
