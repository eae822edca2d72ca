-- CreateTable
CREATE TABLE "charges" (
    "id" TEXT NOT NULL,
    "transaction_id" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "user_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "api_key_id" TEXT,
    "session_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "answer_id" TEXT NOT NULL,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "source" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "is_answer" BOOLEAN NOT NULL,
    "status" "AnswerStatus" NOT NULL,
    "error_code" TEXT,
    "finish_reason" TEXT,
    "empty" BOOLEAN NOT NULL,
    "input_tokens" INTEGER,
    "cached_input_tokens" INTEGER,
    "cache_write_tokens" INTEGER,
    "output_tokens" INTEGER,
    "reasoning_tokens" INTEGER,
    "estimated" BOOLEAN NOT NULL,
    "simulated" BOOLEAN NOT NULL,
    "own_key" BOOLEAN NOT NULL,
    "cost" DECIMAL(20,12),
    "cost_source" "CostSource",
    "prices" JSONB,
    "time_to_first_token" DOUBLE PRECISION,
    "time_to_first_answer" DOUBLE PRECISION,
    "response_time" DOUBLE PRECISION,
    "tokens_per_second" DOUBLE PRECISION,
    "first_of_run" BOOLEAN NOT NULL,
    "first_of_provider" BOOLEAN NOT NULL,
    "first_of_model" BOOLEAN NOT NULL,

    CONSTRAINT "charges_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "spend" (
    "view" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "calls" BIGINT NOT NULL,
    "answers" BIGINT NOT NULL,
    "failed_answers" BIGINT NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cached_input_tokens" BIGINT NOT NULL,
    "cache_write_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT NOT NULL,
    "estimated_answers" BIGINT NOT NULL,
    "cost" DECIMAL NOT NULL,
    "priced" BIGINT NOT NULL,
    "unknown_costs" BIGINT NOT NULL,
    "requests" BIGINT NOT NULL,
    "provider_requests" BIGINT NOT NULL,
    "model_requests" BIGINT NOT NULL,

    CONSTRAINT "spend_pkey" PRIMARY KEY ("view","at","tenant_id","source","provider","model","subject","kind")
);

-- CreateTable
CREATE TABLE "ledger_progress" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "added_below" xid8 NOT NULL,

    CONSTRAINT "ledger_progress_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "charges_transaction_id_idx" ON "charges"("transaction_id");

-- CreateIndex
CREATE INDEX "charges_at_idx" ON "charges"("at");

-- CreateIndex
CREATE INDEX "charges_user_id_at_idx" ON "charges"("user_id", "at");

-- CreateIndex
CREATE INDEX "charges_api_key_id_at_idx" ON "charges"("api_key_id", "at");

-- What was there before: each answer that is over becomes a charge. What its single attempts cost was not kept, nor the prices.
INSERT INTO "charges" (
  "id", "at", "finished_at", "user_id", "session_id", "run_id", "answer_id", "source", "provider", "model", "attempt", "is_answer", "status",
  "error_code", "finish_reason", "empty", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
  "estimated", "simulated", "own_key", "cost", "cost_source", "time_to_first_token", "time_to_first_answer", "response_time",
  "tokens_per_second", "first_of_run", "first_of_provider", "first_of_model")
SELECT
  answer."id", answer."created_at", answer."finished_at", turn."user_id", turn."session_id", turn."run_id", answer."id", 'playground',
  lane."provider", lane."model", answer."attempts", true, answer."status", answer."error_code", answer."finish_reason",
  answer."text" = '' AND answer."reasoning" = '', answer."input_tokens", answer."cached_input_tokens", answer."cache_write_tokens",
  answer."output_tokens", answer."reasoning_tokens", answer."estimated", lane."simulated", answer."own_key", answer."cost",
  answer."cost_source", answer."time_to_first_token", answer."time_to_first_answer", answer."response_time", answer."tokens_per_second",
  row_number() OVER (PARTITION BY turn."id" ORDER BY lane."position") = 1,
  row_number() OVER (PARTITION BY turn."id", lane."provider" ORDER BY lane."position") = 1,
  row_number() OVER (PARTITION BY turn."id", lane."model" ORDER BY lane."position") = 1
FROM "answers" AS answer JOIN "turns" AS turn ON turn."id" = answer."turn_id" JOIN "lanes" AS lane ON lane."id" = answer."lane_id"
WHERE answer."status" <> 'running';

INSERT INTO "spend"
SELECT
  v.view, v.at, v.tenant_id, v.source, v.provider, v.model, v.subject, kind,
  count(*), count(*) FILTER (WHERE is_answer), count(*) FILTER (WHERE is_answer AND status = 'failed'),
  coalesce(sum(input_tokens), 0), coalesce(sum(cached_input_tokens), 0), coalesce(sum(cache_write_tokens), 0),
  coalesce(sum(output_tokens), 0), coalesce(sum(reasoning_tokens), 0), count(*) FILTER (WHERE estimated), coalesce(sum(cost), 0),
  count(*) FILTER (WHERE cost IS NOT NULL AND (cost <> 0 OR (input_tokens = 0 AND output_tokens = 0) IS NOT TRUE)),
  count(*) FILTER (WHERE cost IS NULL AND (input_tokens = 0 AND output_tokens = 0) IS NOT TRUE),
  count(*) FILTER (WHERE first_of_run), count(*) FILTER (WHERE first_of_provider), count(*) FILTER (WHERE first_of_model)
FROM (
    SELECT
      charges.*, date_bin('15 minutes', charges.at, '2000-01-01T00:00:00Z') AS quarter, date_trunc('day', charges.at, 'UTC') AS day,
      CASE WHEN simulated THEN 'simulated' WHEN own_key THEN 'own_key' ELSE 'paid' END AS kind
    FROM "charges") AS charge,
  LATERAL (VALUES
    ('quarters', quarter, '', source, provider, model, ''),
    ('times', quarter, '', '', '', '', ''),
    ('days', day, '', source, provider, model, ''),
    ('users', day, '', '', '', '', user_id),
    ('keys', day, '', '', '', '', '')) AS v(view, at, tenant_id, source, provider, model, subject)
GROUP BY v.view, v.at, v.tenant_id, v.source, v.provider, v.model, v.subject, kind;

INSERT INTO "ledger_progress" ("added_below") VALUES ((pg_current_xact_id()::text::bigint + 1)::text::xid8);
