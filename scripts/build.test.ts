import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildInputs } from "./build.ts";

const ROOT = join(import.meta.dir, "..");

test("what is built is the product and its one dependency: no change of a test or script is a change of the build", async () => {
  const inputs = await buildInputs();
  for (const wanted of ["src/main.ts", "src/rig/main.ts", "src/manage/web/page/page.css"])
    expect(inputs).toContain(wanted);
  const isProduct =
    /^src\/(?!.*\.test\.ts$)|^firmware-config\/|^package\.json$|^node_modules\/valibot\//;
  expect(inputs.filter((input) => !isProduct.test(input))).toEqual([]);
});

test("src/ holds nothing else: what is not built there are tests and types", async () => {
  const inputs = new Set(await buildInputs());
  const others = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name}`)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !inputs.has(name));
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const withCode = others.filter(
    (name) => transpiler.transformSync(readFileSync(join(ROOT, name), "utf8")).trim() !== "",
  );
  expect(withCode).toEqual([]);
});
