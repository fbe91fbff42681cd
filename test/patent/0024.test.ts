/** Patent [0024]: the servers of the system. */
import { expect, test } from "bun:test";
import { POLICIES } from "../../src/core/policies.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { allocate, type Fy, tableOf } from "./system-of-servers.ts";

test.each(POLICIES)(
  "$name works with any number of servers from one to the limit, not with two alone",
  (policy) => {
    for (let count = 1; count <= SERVERS_MAX; count++) {
      const servers = Array.from({ length: count }, (_, x) => x);
      const functions = servers.map((): Fy => [10, 5]);
      const table = tableOf(
        servers.map(() => 10),
        functions,
      );
      expect(allocate(policy, table, servers).assigned).toEqual(servers);
    }
  },
);
