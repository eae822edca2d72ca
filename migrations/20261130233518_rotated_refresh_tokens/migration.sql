-- AlterTable
ALTER TABLE "logins" ADD COLUMN     "rotated" JSONB NOT NULL DEFAULT '{}';
