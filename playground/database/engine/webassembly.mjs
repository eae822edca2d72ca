// Prisma's query engine as WebAssembly, from the npm package `@prisma/client`.

import { setFlagsFromString } from 'node:v8';

import * as glue from '@prisma/client/runtime/query_engine_bg.postgresql.mjs';
import { wasm } from '@prisma/client/runtime/query_engine_bg.postgresql.wasm-base64.mjs';

// How much of a function has to have run until it is compiled anew, optimised: what newer Nodes have. Node 20 has a seventh of it,
// and a new engine would compile a third of its time, just when everybody waits for it. Queries cost the same after some hundreds.
setFlagsFromString('--wasm-tiering-budget=13000000');

async function instantiate() {
  const { instance } = await WebAssembly.instantiate(Buffer.from(wasm, 'base64'), { './query_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/** Create the engine for `datamodel` (the text of schema.prisma) on a bound driver adapter. Each call returns parsed JSON. */
export async function webAssemblyEngine(datamodel, adapter) {
  await instantiate();
  const options = {
    datamodel,
    logLevel: 'error',
    logQueries: false,
    enableTracing: false,
    engineProtocol: 'json',
    configDir: '.',
    env: {},
    ignoreEnvVarErrors: true,
    datasourceOverrides: {},
  };
  // The engine logs each failed query with its values. The client gets the error anyway, and logs must not contain users' texts.
  const engine = new glue.QueryEngine(options, () => {}, adapter);

  const trace = '{}';
  let requests = 0;
  const requestId = () => String(++requests); // The engine only accepts a number.
  await engine.connect(trace, requestId());
  return {
    query: async (request, transaction) => JSON.parse(await engine.query(JSON.stringify(request), trace, transaction, requestId())),
    startTransaction: async (options) => JSON.parse(await engine.startTransaction(JSON.stringify(options), trace, requestId())),
    commitTransaction: async (id) => JSON.parse(await engine.commitTransaction(id, trace, requestId())),
    rollbackTransaction: async (id) => JSON.parse(await engine.rollbackTransaction(id, trace, requestId())),
    disconnect: () => engine.disconnect(trace, requestId()),
  };
}
