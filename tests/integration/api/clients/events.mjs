// graphql-sse in distinct connections mode: a query, an invalid document, and a subscription to its end.
import { createClient } from "graphql-sse";

const [url, token] = process.argv.slice(2);
const client = createClient({ url, retryAttempts: 0, headers: { Authorization: `Bearer ${token}` } });

async function all(query) {
  const results = [];
  for await (const result of client.iterate({ query })) results.push(result);
  return results;
}

const printed = {
  query: await all("{ hello }"),
  invalid: (await all("{ nope }")).map((result) => result.errors.length),
  ticks: (await all("subscription { ticks { number } }")).map((result) => result.data.ticks.number),
};
client.dispose();
console.log(JSON.stringify(printed));
