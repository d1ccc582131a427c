/** What a mistyped name was probably meant to be. */

/** Ending of an error's text: the nearest of the known names, or nothing if none is near. */
export function suggestion(name: string, known: readonly string[]): string {
  let nearest: string | null = null;
  // Beyond a third of the letters it is another word.
  let nearestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance >= nearestDistance) continue;
    nearest = candidate;
    nearestDistance = distance;
  }
  return nearest === null ? '' : `; did you mean '${nearest}'?`;
}

/** How many letters must be put in, left out, exchanged or swapped with the next to make one word of the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const exchanged = last[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? beforeLast[column - 2]! + 1 : Infinity;
      current.push(Math.min(exchanged, swapped, last[column]! + 1, current[column - 1]! + 1));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
