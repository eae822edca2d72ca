-- AlterTable
ALTER TABLE "answers" ADD COLUMN     "attachments" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "cache_write_tokens" INTEGER,
ADD COLUMN     "sources" JSONB NOT NULL DEFAULT '[]';
