import type { ProcessDescription } from "../../src/supervisor/function-launch.ts";

/** The function `map` of server `a`, with nothing configured except its program. */
export const DESCRIPTION: ProcessDescription = {
  functionId: "map",
  serverId: "a",
  command: ["/bin/map"],
  always: false,
  stopGraceMs: 100,
  vips: [],
  keepsRunning: true,
  ready: null,
  settings: {
    user: null,
    capabilities: null,
    limits: { nofile: 1024, rtprio: 0 },
    workingDirectory: "/",
    environment: [],
    nice: 0,
    oomScoreAdjust: 0,
    umask: "022",
  },
};
