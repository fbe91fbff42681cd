import { expect, test } from "bun:test";
import { Terminal } from "./terminal.ts";

test("the one that began first writes through; what others say follows in the order of their begin", () => {
  let seen = "";
  const terminal = new Terminal((text) => {
    seen += text;
  });
  const [one, two, three] = [terminal.share(), terminal.share(), terminal.share()];
  two.write("2");
  three.write("3");
  one.write("1");
  expect(seen).toBe("1");
  two.end(); // while it waits
  expect(seen).toBe("1");
  one.end();
  expect(seen).toBe("123");
  three.write("3");
  const four = terminal.share();
  four.write("4");
  expect(seen).toBe("1233");
  three.end();
  four.write("4");
  expect(seen).toBe("123344");
  four.end();
  terminal.share().write("5");
  expect(seen).toBe("1233445");
});
