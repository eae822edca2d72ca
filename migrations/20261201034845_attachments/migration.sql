-- CreateTable
CREATE TABLE "file_contents" (
    "hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "pages" INTEGER,
    "text" TEXT,
    "note" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "file_contents_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "file_chunks" (
    "hash" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "file_chunks_pkey" PRIMARY KEY ("hash","position")
);

-- CreateTable
CREATE TABLE "attachments" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "attachments_hash_idx" ON "attachments"("hash");

-- CreateIndex
CREATE INDEX "attachments_user_id_id_idx" ON "attachments"("user_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "attachments_user_id_hash_name_key" ON "attachments"("user_id", "hash", "name");

-- AddForeignKey
ALTER TABLE "file_chunks" ADD CONSTRAINT "file_chunks_hash_fkey" FOREIGN KEY ("hash") REFERENCES "file_contents"("hash") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_hash_fkey" FOREIGN KEY ("hash") REFERENCES "file_contents"("hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A content is deleted with its last attachment, also when that goes with its user's account. The lock lets one deletion of two at once
-- see that the other is gone. An upload of the same content waits for it too, and then writes the content again.
-- The semicolons of the function are written \x3b, because Prisma takes statements apart at those.
CREATE FUNCTION delete_unused_content() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
  PERFORM 1 FROM file_contents WHERE hash = OLD.hash FOR UPDATE\x3b
  DELETE FROM file_contents WHERE hash = OLD.hash AND NOT EXISTS (SELECT FROM attachments WHERE hash = OLD.hash)\x3b
  RETURN NULL\x3b
END';

CREATE TRIGGER attachments_delete_unused_content AFTER DELETE ON attachments
FOR EACH ROW EXECUTE FUNCTION delete_unused_content();
