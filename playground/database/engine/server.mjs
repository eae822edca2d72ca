// The HTTP calls of the native query engine that the Python client uses, and one for SQL scripts.

import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

import { failed, transactionIsOver } from './failures.mjs';
import { runScript } from './script.mjs';
import { Transactions } from './transactions.mjs';
import { answerForClient, requestFromClient } from './translation.mjs';

const CALL = /^\/transaction\/(?:start|([^/]+)\/(commit|rollback))$/;

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function sendJson(response, answer) {
  const body = Buffer.from(JSON.stringify(answer));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function refuse(response, status) {
  response.writeHead(status, { 'content-length': 0 });
  response.end();
}

// Any program and any web page on this machine can connect to the port, but only our service knows the secret.
function guard(secret) {
  const expected = Buffer.from(`Bearer ${secret}`);
  return (request) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

function router(engine, failures, url) {
  const transactions = new Transactions(engine);

  async function query(request) {
    const transaction = request.headers['x-transaction-id'];
    if (transaction !== undefined && !transactions.has(transaction)) return transactionIsOver();
    const answer = await engine.query(requestFromClient(await bodyOf(request)), transaction);
    return failures.restored(answerForClient(answer));
  }

  async function transactionCall(request, [, id, ending]) {
    if (ending === undefined) return failures.restored(await transactions.start(await bodyOf(request)));
    if (!transactions.has(id)) return transactionIsOver();
    return failures.restored(await transactions.end(id, ending));
  }

  return async function answer(request) {
    if (request.method === 'GET' && request.url === '/status') return { status: 'ok' };
    if (request.method !== 'POST') return undefined;
    if (request.url === '/') return query(request);
    if (request.url === '/script') return runScript(url, (await bodyOf(request)).script);
    const call = CALL.exec(request.url);
    return call ? transactionCall(request, call) : undefined;
  };
}

/** Serve `engine`, whose database is at `url`, on a free port of 127.0.0.1 to clients that send `secret`. */
export function serve(engine, failures, { secret, url }) {
  const allowed = guard(secret);
  const answer = router(engine, failures, url);
  const server = createServer(async (request, response) => {
    if (!allowed(request)) return refuse(response, 401);
    try {
      const result = await answer(request);
      return result === undefined ? refuse(response, 404) : sendJson(response, result);
    } catch (error) {
      sendJson(response, failed(error));
    }
  });
  // The client closes idle connections. If we did, a request could arrive on a connection that is just being closed.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
