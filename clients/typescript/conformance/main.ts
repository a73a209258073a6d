import { run } from "./driver.js";

await run(process.stdin, process.stdout);
