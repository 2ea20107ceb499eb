// The public audit of GraphQL over HTTP. Prints every check that is not ok, then how many there were.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);

function fetchFn(address, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(address, { ...options, headers });
}

let count = 0;
for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  count += 1;
  if (result.status !== "ok") console.log(result.status, audit.id, audit.name, result.reason);
}
console.log(`${count} checks`);
