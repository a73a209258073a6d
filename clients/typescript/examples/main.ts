/** Runs the tour: `node dist/examples/main.js picture.png`. */

import { Client } from "../src/index.js";
import { tour } from "./tour.js";

// The address is RINGMAIN_TARGET's, or 127.0.0.1:50051; a gateway that is starting is waited for.
const client = new Client(undefined, { timeoutMs: 300_000, waitForReady: true });
await tour(client, process.argv[2] ?? "picture.png", (text) => process.stdout.write(text));
client.close();
