/** The private side of the signature of a part. */
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { type KeyReading, readKey } from "../../src/part/signature.ts";

/** Ed25519 (RFC 8032): 64 bytes, the same every time. */
export function signManifest(manifest: Uint8Array, key: KeyObject): Uint8Array {
  return sign(null, manifest, key);
}

/** A private key from `-----BEGIN PRIVATE KEY-----` (PKCS#8). */
export function readPrivateKey(pem: string): KeyReading {
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) return { ok: false, found: "a public key" };
  return readKey(pem, createPrivateKey);
}
