// Follows `ticks` with graphql-ws and loses its connection again and again; goes on behind what it saw last.
// Prints what came, in order.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token, every] = process.argv.slice(2);
let socket;
let after = null;
const seen = [];

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  lazy: true,
  retryAttempts: 0,
  connectionParams: { Authorization: `Bearer ${token}` },
  on: { opened: (opened) => (socket = opened) },
});

function follow() {
  return new Promise((resolve, reject) => {
    client.subscribe(
      { query: "subscription ($after: String) { ticks(after: $after) { cursor number } }", variables: { after } },
      {
        next: ({ data, errors }) => {
          if (errors) reject(new Error(JSON.stringify(errors)));
          seen.push(data.ticks.number);
          after = data.ticks.cursor;
          if (seen.length % Number(every) === 0) socket.terminate();
        },
        error: (error) => (error.code || error.type === "error" ? resolve(false) : reject(error)),
        complete: () => resolve(true),
      },
    );
  });
}

for (let tries = 0; tries < 1000; tries += 1) if (await follow()) break;
await client.dispose();
console.log(JSON.stringify(seen));
