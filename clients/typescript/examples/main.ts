/** Runs the tour: `node dist/examples/main.js picture.png`. */

import { Client } from "../src/index.js";
import { tour } from "./tour.js";

// The address is RINGMAIN_TARGET's, or 127.0.0.1:50051.
const client = new Client(undefined, { timeoutMs: 60_000 });
await tour(client, process.argv[2] ?? "picture.png", (text) => process.stdout.write(text));
client.close();
