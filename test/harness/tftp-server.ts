/** The stock TFTP server of a loader on the ground: in.tftpd, which setup unpacks. */
import { join } from "node:path";

export const TFTPD = join(import.meta.dir, "../../node_modules/.debian/usr/sbin/in.tftpd");

/** The command of one that gives what is in the directory and takes new files into it. */
export function tftpServer(address: string, port: number, directory: string): string[] {
  return [
    ...[TFTPD, "--foreground", "--listen", "--user", "root", "--address", `${address}:${port}`],
    ...["--create", "--secure", directory],
  ];
}

/** @param table of the host's UDP sockets: `/proc/net/udp` */
export function isServed(table: string, port: number): boolean {
  return table.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} `);
}
