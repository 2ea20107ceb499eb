// @urql/core: a query by POST and by GET, a mutation, and a subscription over graphql-ws.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, socketUrl, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers });
const forwardSubscription = (request) => ({
  subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query || "" }, sink) }),
});

function urql(preferGetMethod) {
  return new Client({
    url,
    preferGetMethod,
    fetchOptions: { headers },
    exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
  });
}

const post = await urql(false).query("query ($name: String!) { hello(name: $name) }", { name: "urql" }).toPromise();
const get = await urql("force").query("query ($name: String!) { hello(name: $name) }", { name: "GET" }).toPromise();
const mutation = await urql(false).mutation('mutation { shout(word: "b") }', {}).toPromise();
const numbers = [];
await new Promise((resolve) => {
  const { unsubscribe } = urql(false)
    .subscription("subscription { ticks { number } }", {})
    .subscribe(({ data, error }) => {
      if (error) throw error;
      numbers.push(data.ticks.number);
      if (numbers.length === 3) resolve(unsubscribe);
    });
});
await socket.dispose();
console.log(JSON.stringify({ post: post.data, get: get.data, mutation: mutation.data, numbers }));
process.exit(0);
