import { copyBytes } from "../wire/bytes.ts";
import { errno, SystemError } from "./errno.ts";
import { AF_INET, libc, SO_BINDTODEVICE, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/** struct sockaddr_in: u16 family, then port and address in network order. */
const SOCKADDR_BYTES = 16;
const PORT_AT = 2;
const ADDRESS_AT = 4;
const AF_UNSPEC = 0;
/** Any port: nothing is sent. */
const PORT_DISCARD = 9;

/**
 * Finds the IPv4 address that this host would use towards another one on an interface. The kernel
 * chooses it by its routes and never takes a VIP (those have scope host). Determined with a UDP
 * socket that is connected and sends nothing.
 */
export class SourceAddress {
  /** Result of {@link towards}. */
  readonly bytes = new Uint8Array(new ArrayBuffer(4));
  private readonly fd: number;
  private readonly name: NativeMemory;
  private readonly memory = new NativeMemory(SOCKADDR_BYTES);
  private readonly length = new NativeMemory(4);

  /** Throws a SystemError. */
  constructor(interfaceName: string) {
    this.name = nativeString(interfaceName);
    this.fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw new SystemError("socket", errno(), "UDP");
  }

  /**
   * Finds the address towards the 4 bytes at `destination[at]`, 0.0.0.0 when there is none. 0 or
   * errno. No garbage.
   */
  towards(destination: Uint8Array, at: number): number {
    const error = this.connect(destination, at);
    if (error === 0) copyBytes(this.bytes, 0, this.memory.bytes, ADDRESS_AT, 4);
    else this.bytes.fill(0);
    return error;
  }

  private connect(destination: Uint8Array, at: number): number {
    const { view, bytes, address } = this.memory;
    // A connected socket would keep its address; this also unbinds it.
    view.setUint16(0, AF_UNSPEC, true);
    if (libc.connect(this.fd, address, SOCKADDR_BYTES) !== 0) return errno();
    // Each time: the interface may have been replaced.
    if (
      libc.setsockopt(
        this.fd,
        SOL_SOCKET,
        SO_BINDTODEVICE,
        this.name.address,
        this.name.bytes.length,
      ) !== 0
    ) {
      return errno();
    }
    view.setUint16(0, AF_INET, true);
    view.setUint16(PORT_AT, PORT_DISCARD, false);
    copyBytes(bytes, ADDRESS_AT, destination, at, 4);
    if (libc.connect(this.fd, address, SOCKADDR_BYTES) !== 0) return errno();
    this.length.view.setUint32(0, SOCKADDR_BYTES, true);
    return libc.getsockname(this.fd, address, this.length.address) === 0 ? 0 : errno();
  }

  close(): void {
    libc.close(this.fd);
  }
}
