/** Limits of a loadable part. A part that exceeds one is refused before more of it is read. */

/** Public keys that a configuration may trust: today's, tomorrow's, and those of a few signers. */
export const PART_KEYS_MAX = 8;

/** Size of the lists, the load header and the manifest each: some hundred files take 100 KiB. */
export const PART_INDEX_BYTES_MAX = 1024 * 1024;

/** Files beside the lists and the header: executable, configuration, units. */
export const PART_FILES_MAX = 256;

/**
 * Bytes read at a time of a file that may not fit in memory. Some kernels let no other thread run,
 * not even a real-time one, until a read has copied all it was asked for: 20 ms for an executable.
 */
export const PART_CHUNK_BYTES = 1024 * 1024;
