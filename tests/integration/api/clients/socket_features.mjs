// graphql-ws: a query, a mutation, a validation error, a syntax error beside a living subscription, an early end.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  keepAlive: 200,
  connectionParams: { Authorization: `Bearer ${token}` },
});

async function all(query) {
  const results = [];
  try {
    for await (const result of client.iterate({ query })) results.push(result);
  } catch (errors) {
    return { errors: Array.isArray(errors) ? errors.map((error) => error.message) : String(errors) };
  }
  return results;
}

const living = client.iterate({ query: "subscription { ticks { number } }" });
const first = await living.next();
const printed = {
  first: first.value,
  query: await all("{ hello }"),
  mutation: await all('mutation { shout(word: "a") }'),
  invalid: await all("{ nope }"),
  broken: await all("{ hello"),
};
const second = await living.next();
printed.second = second.value;
await living.return();
await client.dispose();
console.log(JSON.stringify(printed));
