import { expect, test } from "bun:test";
import { preemptionOf } from "./kernel-preemption.ts";

const DEBIAN = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)";
const DYNAMIC_NONE = "CONFIG_PREEMPT_BUILD=y\nCONFIG_PREEMPT_NONE=y\n# CONFIG_PREEMPT is not set\n";

test.each([
  ["#1 SMP PREEMPT_RT Debian 6.1.90-1", "", "CONFIG_PREEMPT_RT=y\n", "", "real-time"],
  ["#1 SMP PREEMPT_DYNAMIC", "quiet preempt=full", DYNAMIC_NONE, "", "full"],
  ["#1 SMP PREEMPT_DYNAMIC", "preempt=full", DYNAMIC_NONE, "(none) voluntary full\n", "none"],
  ["#1 SMP PREEMPT_DYNAMIC", "", DYNAMIC_NONE, "", "none"],
  [
    DEBIAN,
    "quiet",
    "# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT_VOLUNTARY=y\n",
    "",
    "voluntary",
  ],
  [DEBIAN, "quiet", "", "", null],
  ["#1 SMP PREEMPT", "", "", "", "full"],
  // Not dynamic: the command line changes nothing.
  ["#1 SMP", "preempt=full", "CONFIG_PREEMPT_NONE=y\n", "", "none"],
  ["#1 SMP", "", "CONFIG_PREEMPT_LAZY=y\n", "", "lazy"],
] as const)("%s, %p", (version, commandLine, configuration, setting, expected) => {
  expect(preemptionOf(version, commandLine, configuration, setting)).toBe(expected);
});
