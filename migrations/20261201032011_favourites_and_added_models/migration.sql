-- CreateTable
CREATE TABLE "added_models" (
    "model" TEXT NOT NULL,
    "listed" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "added_models_pkey" PRIMARY KEY ("model")
);

-- CreateTable
CREATE TABLE "favourite_models" (
    "user_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "favourite_models_pkey" PRIMARY KEY ("user_id","model")
);

-- AddForeignKey
ALTER TABLE "favourite_models" ADD CONSTRAINT "favourite_models_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
