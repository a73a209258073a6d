import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tour } from "../examples/tour.js";
import { assistant, CapabilityMissing } from "../src/index.js";
import { dial, finished, type Gateway, text } from "./fake.js";

const gateway: Gateway = {
  chat: {
    streamChat: () => [...text("A ring ", "main."), finished()],
    chat: ({ messages }) => {
      assert.equal(messages[0]?.parts[1]?.content.case, "media");
      return { message: assistant("A red pixel.") };
    },
  },
  image: {
    generateImages: ({ model }) => ({
      images: [{ media: { mimeType: "image/png", source: { case: "data", value: Buffer.from(model) } } }],
    }),
  },
};

test("the tour streams, looks and saves", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "ringmain-"));
  t.after(() => rm(folder, { recursive: true }));
  let told = "";
  await tour(await dial(t, gateway), join(folder, "picture"), (piece) => {
    told += piece;
  });
  assert.equal(told, `A ring main.\n5 tokens by fake\nA red pixel.\nsaved ${join(folder, "picture.png")}\n`);
  assert.equal(String(await readFile(join(folder, "picture.png"))), "sandbox/image");
});

test("the tour stops at an error", async (t) => {
  const client = await dial(t, { ...gateway, image: {} });
  await assert.rejects(
    tour(client, "x", () => {}),
    CapabilityMissing,
  );
});
