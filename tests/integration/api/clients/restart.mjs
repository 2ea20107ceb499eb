// Follows a session with graphql-ws over restarts of the server, as docs/api.md shows it. Prints the place, the kind
// and the number of each event as it comes.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token, id] = process.argv.slice(2);
const variables = { id, after: null };
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  shouldRetry: () => true,
  retryAttempts: Infinity,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
});
const query = `subscription ($id: ID!, $after: String) {
  sessionEvents(sessionId: $id, after: $after) { cursor kind sequence }
}`;
for await (const { data, errors } of client.iterate({ query, variables })) {
  if (errors) throw new Error(JSON.stringify(errors));
  const { cursor, kind, sequence } = data.sessionEvents;
  variables.after = cursor;
  console.log(cursor, kind, sequence ?? "-");
}
await client.dispose();
