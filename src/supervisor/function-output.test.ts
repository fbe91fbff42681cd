import { expect, test } from "bun:test";
import { FunctionOutput } from "./function-output.ts";

function streamOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      controller.close();
    },
  });
}

test("whole lines, wherever the chunks end, also within a character", async () => {
  const lines: string[] = [];
  const output = new FunctionOutput("map", (text) => lines.push(text));
  const word = new TextEncoder().encode("Höhe\n");
  await output.forward(streamOf("one\ntw", "o\n", word.slice(0, 2), word.slice(2), "rest"));
  expect(lines).toEqual(["[map] one", "[map] two", "[map] Höhe", "[map] rest"]);
});

test("excess lines are left out and counted; the next second restarts the count", async () => {
  const lines: string[] = [];
  let nowMs = 1000;
  const output = new FunctionOutput(
    "map",
    (text) => lines.push(text),
    () => nowMs,
  );
  await output.forward(streamOf("x\n".repeat(50)));
  const open = new TransformStream<Uint8Array, Uint8Array>();
  const [writer, forwarded] = [open.writable.getWriter(), output.forward(open.readable)];
  const print = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  await print("x\n".repeat(10));
  await print("x"); // what came before has been read
  expect(lines.length).toBe(50);
  nowMs = 2000;
  await print("\n");
  await writer.close();
  await forwarded;
  expect(lines.slice(50)).toEqual(["[map] (10 more lines omitted)", "[map] x"]);
  nowMs = 3000;
  await output.forward(streamOf("z\n"));
  expect(lines.slice(52)).toEqual(["[map] z"]);
});

test("the last omission is reported when the output ends: nothing may follow", async () => {
  const lines: string[] = [];
  const output = new FunctionOutput(
    "map",
    (text) => lines.push(text),
    () => 1000,
  );
  await output.forward(streamOf("x\n".repeat(60)));
  expect(lines.slice(50)).toEqual(["[map] (10 more lines omitted)"]);
  await output.forward(streamOf("y\n"));
  expect(lines.slice(51)).toEqual(["[map] (1 more lines omitted)"]);
});

test("a line without end is cut into pieces", async () => {
  const lines: string[] = [];
  const output = new FunctionOutput("map", (text) => lines.push(text));
  const long = (letter: string): string => letter.repeat(3000);
  await output.forward(streamOf(long("x"), long("y"), `${long("z")}\n`, "end"));
  // What was cut off is forgotten, and nothing of one piece is in the next.
  expect(lines).toEqual([...["x", "y", "z"].map((l) => `[map] ${l.repeat(2000)}`), "[map] end"]);
});

test("unreadable output is reported, after the readable part, and is no failure", async () => {
  const lines: string[] = [];
  const output = new FunctionOutput("map", (text) => lines.push(text));
  const chunks = ["one\ntw"];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.error(new Error("EIO"));
      else controller.enqueue(new TextEncoder().encode(chunk));
    },
  });
  await output.forward(stream);
  expect(lines).toEqual(["[map] one", "[map] (its output cannot be read: Error: EIO)", "[map] tw"]);
});

test("close ends a stream that does not end by itself", async () => {
  const output = new FunctionOutput("map", () => {});
  const forwarded = output.forward(new ReadableStream<Uint8Array>({}));
  output.close();
  await forwarded;
});
