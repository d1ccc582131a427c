/** Versions that this software shows. */

/** Which Tarantool we are: in the greeting and in `box.info`. */
export const TARANTOOL_VERSION = '2.10.0';
/** Calendar version of the product. */
export const PICODATA_VERSION = '22.11.0';
/** In the `Version:` line of the files that we write. */
export const SOFTWARE_VERSION = `${TARANTOOL_VERSION}-picodata-${PICODATA_VERSION}`;
