export { createZstdCompression } from './compression.ts';
export { ZstdFrameError, zstdContentBounds, type ZstdContentBounds } from './frames.ts';
