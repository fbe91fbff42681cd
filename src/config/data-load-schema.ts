/** Part of schema.ts: data load over the network. */
import * as v from "valibot";
import { PORT_MAX, parseAddress, specialAddress } from "./address.ts";
import { checkedText, INTERFACE_NAME, text, wholeNumber } from "./schema-values.ts";

export const DataLoadSchema = v.strictObject(
  {
    listen: checkedText(
      'an IPv4 address such as "10.44.0.11", or the name of a network interface',
      "Address at which loaders find the server: its own, or an interface that has one. With one file for all servers, an interface.",
      (value) => {
        const address = parseAddress(value);
        if (address !== null)
          return address.family === 4 ? specialAddress(address) : "no IPv4 address";
        return INTERFACE_NAME.test(value) ? null : "neither";
      },
    ),
    findPort: v.optional(
      wholeNumber(1, PORT_MAX, "UDP port for the loaders' search (FIND)."),
      1001,
    ),
    port: v.optional(wholeNumber(1, PORT_MAX, "UDP port of TFTP, here and at the loader."), 59),
    position: v.optional(
      text(
        /^[A-Z0-9]{0,8}$/,
        "at most 8 capital letters and digits",
        "Position of the server among equal hardware, shown to loaders. Default: the server's identifier in capitals.",
      ),
    ),
    manufacturer: v.optional(
      text(
        /^[A-Z0-9]{3}$/,
        "3 capital letters and digits",
        "Manufacturer's code, shown to loaders. WNG is not an assigned code.",
      ),
      "WNG",
    ),
  },
  "an object with listen",
);
