// Has relay-compiler compile relay_operations.js against a schema, in a folder of its own. Prints what it made.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [schema, folder] = process.argv.slice(2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

mkdirSync(join(folder, "src"));
copyFileSync(schema, join(folder, "schema.graphql"));
copyFileSync(here("relay_operations.js"), join(folder, "src", "relayOperations.js"));
const config = { src: "src", schema: "schema.graphql", language: "javascript" };
writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
const command = [fileURLToPath(import.meta.resolve("relay-compiler/cli.js")), "--output", "quiet-with-errors"];
const done = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
if (done.error || done.status || done.stderr) throw new Error(`${done.error ?? ""}${done.stdout}${done.stderr}`);
const made = readdirSync(join(folder, "src", "__generated__")).map((name) => name.replace(/\.graphql\.js$/, ""));
console.log(JSON.stringify(made.sort()));
