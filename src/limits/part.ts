/** What a loadable part may have. A part is refused before more of it is read. */

/** Public keys that a configuration may trust: that of today, that of tomorrow, and of a few signers. */
export const PART_KEYS_MAX = 8;

/** Lists, load header and manifest: some hundred files would have 100 KiB. */
export const PART_INDEX_BYTES_MAX = 1024 * 1024;

/** Files beside the lists and the header: executable, configuration, units. */
export const PART_FILES_MAX = 256;

/** Read at a time of a file that may be larger than memory has room for. */
export const PART_CHUNK_BYTES = 1024 * 1024;
