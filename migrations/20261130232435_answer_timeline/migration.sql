-- AlterTable
ALTER TABLE "answers" ADD COLUMN     "time_to_first_answer" DOUBLE PRECISION,
ADD COLUMN     "timeline" TEXT,
ADD COLUMN     "total_time" DOUBLE PRECISION;
