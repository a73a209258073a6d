/** Streams an answer, asks about an image and saves a picture. `main.ts` runs it. */

import { type Client, save } from "../src/index.js";

type Write = (text: string) => void;

/** A red pixel, as PNG. */
const PIXEL = Buffer.from(
  "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de" +
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082",
  "hex",
);

/** Takes the tour and tells it. */
export async function tour(client: Client, path: string, write: Write): Promise<void> {
  await chat(client, write);
  await look(client, write);
  await draw(client, path, write);
}

/** Tells an answer as it is written. */
async function chat(client: Client, write: Write): Promise<void> {
  const stream = client.stream("What is a ring main?", { model: "sandbox/chat" });
  for await (const delta of stream) write(delta.text);
  write(`\n${stream.answer.usage.outputTokenCount} tokens by ${stream.answer.provider}\n`);
}

/** Asks about an image. */
async function look(client: Client, write: Write): Promise<void> {
  const answer = await client.chat("What is on this picture?", { model: "sandbox/chat", images: [PIXEL] });
  write(`${answer}\n`);
}

/** Has a picture made and saves it. */
async function draw(client: Client, path: string, write: Write): Promise<void> {
  const { images } = await client.generateImages({ model: "sandbox/image", prompt: "A ring main at night" });
  for (const { media } of images) write(`saved ${await save(media, path)}\n`);
}
