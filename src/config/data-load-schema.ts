/** Data load over the network, as the firmware configuration says it: part of schema.ts. */
import * as v from "valibot";
import { PORT_MAX, parseAddress, specialAddress } from "./address.ts";
import { INTERFACE_NAME, judgedText, text, wholeNumber } from "./schema-values.ts";

export const DataLoadSchema = v.strictObject(
  {
    listen: judgedText(
      'an IPv4 address such as "10.44.0.11", or the name of a network interface',
      "Where a loader finds the server: its own address, or an interface that has one. With one file for all servers, an interface.",
      (value) => {
        const address = parseAddress(value);
        if (address !== null)
          return address.family === 4 ? specialAddress(address) : "no IPv4 address";
        return INTERFACE_NAME.test(value) ? null : "neither";
      },
    ),
    findPort: v.optional(
      wholeNumber(1, PORT_MAX, "UDP port at which loaders ask who is there (FIND)."),
      1001,
    ),
    port: v.optional(wholeNumber(1, PORT_MAX, "UDP port of TFTP, here and at the loader."), 59),
    position: v.optional(
      text(
        /^[A-Z0-9]{0,8}$/,
        "at most 8 capital letters and digits",
        "Position of the server among its kind, as loaders see it. Default: the server's identifier in capitals.",
      ),
    ),
    manufacturer: v.optional(
      text(
        /^[A-Z0-9]{3}$/,
        "3 capital letters and digits",
        "Manufacturer's code, as loaders see it. WNG is assigned to nobody.",
      ),
      "WNG",
    ),
  },
  "an object with listen",
);
