-- Conversations that change and branch: each answer knows the answer that it continues, and has a model and parameters of its own. Existing
-- sessions are straight: each answer continues the one of the turn before in its lane. Written by hand, to fill the new columns.

-- DropIndex
DROP INDEX "answers_turn_id_lane_id_key";

-- DropIndex
DROP INDEX "turns_user_id_idempotency_key_key";

-- CreateTable
CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "turn_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "idempotency_key" TEXT,
    "request_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

INSERT INTO "runs" ("id", "session_id", "turn_id", "user_id", "idempotency_key", "request_hash", "created_at", "finished_at")
SELECT "run_id", "session_id", "id", "user_id", "idempotency_key", "request_hash", "created_at", "finished_at" FROM "turns";

-- AlterTable
ALTER TABLE "turns" DROP COLUMN "idempotency_key",
DROP COLUMN "request_hash",
ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "replaces_id" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "favourite" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "forked_from" TEXT,
ADD COLUMN     "metadata" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "parameters" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "answers" ADD COLUMN     "copied_from" TEXT,
ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "fallback_from" TEXT,
ADD COLUMN     "model" TEXT,
ADD COLUMN     "omitted_turns" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "parameters" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "previous_id" TEXT,
ADD COLUMN     "provider" TEXT,
ADD COLUMN     "run_id" TEXT,
ADD COLUMN     "simulated" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

UPDATE "answers" SET
  "provider" = "lane"."provider", "model" = "lane"."model", "parameters" = "lane"."parameters", "simulated" = "lane"."simulated",
  "run_id" = "chain"."run_id", "previous_id" = "chain"."previous_id"
FROM "lanes" AS "lane", (
  SELECT "answer"."id", "turn"."run_id",
         lag("answer"."id") OVER (PARTITION BY "answer"."lane_id" ORDER BY "turn"."number") AS "previous_id"
  FROM "answers" AS "answer" JOIN "turns" AS "turn" ON "turn"."id" = "answer"."turn_id") AS "chain"
WHERE "lane"."id" = "answers"."lane_id" AND "chain"."id" = "answers"."id";

ALTER TABLE "answers" ALTER COLUMN "model" SET NOT NULL,
ALTER COLUMN "provider" SET NOT NULL,
ALTER COLUMN "run_id" SET NOT NULL;

-- AlterTable
ALTER TABLE "lanes" ADD COLUMN     "head_id" TEXT,
ADD COLUMN     "removed_at" TIMESTAMPTZ(3),
ADD COLUMN     "run_id" TEXT,
ADD COLUMN     "run_since" TIMESTAMPTZ(3),
ADD COLUMN     "sort_order" INTEGER;

UPDATE "lanes" SET "sort_order" = "position", "head_id" = "newest"."id", "run_id" = "newest"."run_id", "run_since" = "newest"."run_since"
FROM (
  SELECT DISTINCT ON ("lane"."id") "lane"."id" AS "lane_id", "answer"."id",
         CASE WHEN "turn"."finished_at" IS NULL THEN "turn"."run_id" END AS "run_id",
         CASE WHEN "turn"."finished_at" IS NULL THEN "turn"."created_at" END AS "run_since"
  FROM "lanes" AS "lane" LEFT JOIN "answers" AS "answer" ON "answer"."lane_id" = "lane"."id"
  LEFT JOIN "turns" AS "turn" ON "turn"."id" = "answer"."turn_id"
  ORDER BY "lane"."id", "turn"."number" DESC NULLS LAST) AS "newest"
WHERE "newest"."lane_id" = "lanes"."id";

ALTER TABLE "lanes" ALTER COLUMN "sort_order" SET NOT NULL;

-- CreateIndex
CREATE INDEX "runs_session_id_idx" ON "runs"("session_id");

-- CreateIndex
CREATE INDEX "runs_turn_id_idx" ON "runs"("turn_id");

-- CreateIndex
CREATE UNIQUE INDEX "runs_user_id_idempotency_key_key" ON "runs"("user_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "answers_run_id_idx" ON "answers"("run_id");

-- CreateIndex
CREATE UNIQUE INDEX "answers_turn_id_lane_id_version_key" ON "answers"("turn_id", "lane_id", "version");

-- CreateIndex
CREATE INDEX "sessions_deleted_at_idx" ON "sessions"("deleted_at");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_turn_id_fkey" FOREIGN KEY ("turn_id") REFERENCES "turns"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "answers" ADD CONSTRAINT "answers_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
