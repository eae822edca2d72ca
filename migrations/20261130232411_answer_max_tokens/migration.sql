-- AlterTable
ALTER TABLE "answers" ADD COLUMN     "max_tokens" INTEGER;
