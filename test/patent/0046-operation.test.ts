/** Patent [0046] in the running system: several servers share the functions of a failed one. */
import { test } from "bun:test";
import { play } from "../scenarios/story.ts";

test("the functions of the failed server are shared by the others, its important ones in the place of their unimportant ones", () => {
  play(`
    servers a 40, b 35, c 70
    functions x 38 p9, y 30 p8, j 30 p2, i 30 p1
    start c
    wait 300 ms
    start a b
    wait 300 ms
    c: x y | a: j | b: i
    crash c
    wait 100 ms
    a: x | b: y | nowhere: i j
    all agree
    quiet for 5 s`);
});

for (const count of [2, 3, 5, 16]) {
  test(`${count} servers: the failure of any of them is taken over by the others`, () => {
    const ids = Array.from({ length: count }, (_, server) => `s${server}`);
    const functions = ids.map((_, index) => `f${index} 40 p5`).join(", ");
    for (const failed of count > 5 ? ["s0", "s7", "s15"] : ids) {
      play(`
        servers ${ids.map((id) => `${id} 80`).join(", ")}
        functions ${functions}
        start ${ids.join(" ")}
        wait 300 ms
        all agree
        crash ${failed}
        wait 100 ms
        all agree
        quiet for 1 s`);
    }
  });
}
