/** A text that is equal for equal values and for no others. */
export function valueText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `bigint ${part}`;
    if (part instanceof Uint8Array) return `bytes ${Array.from(part).join(' ')}`;
    if (part instanceof Map) return ['map', ...(part as ReadonlyMap<unknown, unknown>)];
    return part;
  });
}
