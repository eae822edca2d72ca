// The Python client speaks the GraphQL of the native engine; the WebAssembly engine speaks Prisma's JSON protocol.

// Not all of graphql: that takes a quarter of the engine's start.
import { Kind } from 'graphql/language/kinds.mjs';
import { parse } from 'graphql/language/parser.mjs';

const FIELD = new RegExp(
  '^(findUnique|findFirst|findMany|createOne|createMany|updateOne|updateMany|deleteOne|deleteMany|upsertOne'
  + '|aggregate|groupBy|queryRaw|executeRaw)(.*?)(OrThrow)?$',
);

function literal(node) {
  switch (node.kind) {
    case Kind.INT: {
      const number = Number(node.value);
      return Number.isSafeInteger(number) ? number : { $type: 'BigInt', value: node.value };
    }
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING: // Our client writes only JSON as block strings (prisma_internals.py).
      return node.block ? { $type: 'Json', value: node.value } : node.value;
    case Kind.NULL:
      return null;
    case Kind.LIST:
      return node.values.map(literal);
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value)]));
    default: // A boolean, the name of an enum's value.
      return node.value;
  }
}

const argumentsOf = (field) =>
  Object.fromEntries((field.arguments ?? []).map((argument) => [argument.name.value, literal(argument.value)]));

const selectionOf = (field) =>
  Object.fromEntries(
    (field.selectionSet?.selections ?? []).map((inner) => [inner.name.value, inner.selectionSet ? nested(inner) : true]),
  );

const nested = (field) => ({ arguments: argumentsOf(field), selection: selectionOf(field) });

function queryFromGraphql(text) {
  const [field] = parse(text, { noLocation: true }).definitions[0].selectionSet.selections;
  const match = FIELD.exec(field.name.value);
  if (!match) throw new SyntaxError(`The engine has no operation ${field.name.value}`);
  const [, action, model, orThrow = ''] = match;
  return { modelName: model || undefined, action: action + orThrow, query: nested(field) };
}

/** Return the client's request, one query or a batch, in the JSON protocol. */
export function requestFromClient(request) {
  if (!request.batch) return queryFromGraphql(request.query);
  return {
    batch: request.batch.map(({ query }) => queryFromGraphql(query)),
    transaction: request.transaction ? { isolationLevel: null } : undefined,
  };
}

// `{"$type": "DateTime", "value": "..."}` becomes just the value.
function untagged(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(untagged);
  if ('$type' in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, untagged(inner)]));
}

function resultForClient(answer) {
  if (!answer.data) return answer;
  const [[name, value]] = Object.entries(answer.data);
  // The rows of a raw query have separate types. What looks like a tag there is a user's JSON.
  return { data: { result: name === 'queryRaw' ? value : untagged(value) } };
}

/** Return the engine's response, to one query or to a batch, in the client's format. */
export function answerForClient(answer) {
  return answer.batchResult ? { batchResult: answer.batchResult.map(resultForClient) } : resultForClient(answer);
}
