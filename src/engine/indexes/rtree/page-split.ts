/**
 * How the entries of a full page are divided: along the axis, and at the place, where the two halves have the least
 * margins and then overlap least (after Beckmann et al., The R*-tree, 1990; sorted by the boxes' centres).
 * Works on scratch memory of its own: an entry more than a page has.
 */
import { area, type Box, margin, overlapArea, widen } from './boxes.ts';

/** Share of the entries that the smaller half has at least. */
const LEAST_SHARE = 0.4;

export class PageSplit {
  readonly #boxLength: number;
  readonly #total: number;
  readonly #least: number;
  /** Boxes and references of the entries to divide, filled by the caller. */
  readonly boxes: Float64Array;
  readonly references: Uint32Array;
  /** Entry numbers, sorted by the chosen axis after `divide`. */
  readonly order: Uint32Array;
  /** Boxes around the first n + 1 and around the last n + 1 entries. */
  readonly #heads: Float64Array;
  readonly #tails: Float64Array;

  constructor(capacity: number, boxLength: number) {
    this.#boxLength = boxLength;
    this.#total = capacity + 1;
    this.#least = Math.max(1, Math.floor(this.#total * LEAST_SHARE));
    this.boxes = new Float64Array(this.#total * boxLength);
    this.references = new Uint32Array(this.#total);
    this.order = new Uint32Array(this.#total);
    this.#heads = new Float64Array(this.#total * boxLength);
    this.#tails = new Float64Array(this.#total * boxLength);
  }

  /** Sorts `order`; returns how many entries of it make the first half. */
  divide(): number {
    let bestSide = 0;
    let bestMargin = Infinity;
    for (let side = 0; side < this.#boxLength; side += 2) {
      this.#sort(side);
      const sum = this.#marginSum();
      if (sum < bestMargin) {
        bestMargin = sum;
        bestSide = side;
      }
    }
    this.#sort(bestSide);
    return this.#bestPlace();
  }

  /** Insertion sort: a page has few entries. */
  #sort(side: number): void {
    const { order, boxes } = this;
    const centre = (entry: number): number =>
      boxes[entry * this.#boxLength + side]! / 2 + boxes[entry * this.#boxLength + side + 1]! / 2;
    for (let index = 0; index < this.#total; index++) {
      const value = centre(index);
      let at = index;
      for (; at > 0 && centre(order[at - 1]!) > value; at--) order[at] = order[at - 1]!;
      order[at] = index;
    }
    this.#fillBounds();
  }

  #fillBounds(): void {
    const length = this.#boxLength;
    for (let index = 0; index < this.#total; index++) {
      this.#extend(this.#heads, index, this.order[index]! * length);
      this.#extend(this.#tails, index, this.order[this.#total - 1 - index]! * length);
    }
  }

  #extend(bounds: Box, index: number, from: number): void {
    const length = this.#boxLength;
    const at = index * length;
    if (index === 0) {
      for (let side = 0; side < length; side++) bounds[at + side] = this.boxes[from + side]!;
      return;
    }
    bounds.copyWithin(at, at - length, at);
    widen(bounds, at, this.boxes, from, length);
  }

  #marginSum(): number {
    let sum = 0;
    for (let first = this.#least; first <= this.#total - this.#least; first++) {
      sum += margin(this.#heads, this.#headAt(first), this.#boxLength);
      sum += margin(this.#tails, this.#tailAt(first), this.#boxLength);
    }
    return sum;
  }

  #bestPlace(): number {
    const length = this.#boxLength;
    let best = this.#total >> 1;
    let bestOverlap = Infinity;
    let bestArea = Infinity;
    for (let first = this.#least; first <= this.#total - this.#least; first++) {
      const head = this.#headAt(first);
      const tail = this.#tailAt(first);
      const overlap = overlapArea(this.#heads, head, this.#tails, tail, length);
      const both = area(this.#heads, head, length) + area(this.#tails, tail, length);
      if (overlap < bestOverlap || (overlap === bestOverlap && both < bestArea)) {
        best = first;
        bestOverlap = overlap;
        bestArea = both;
      }
    }
    return best;
  }

  #headAt(first: number): number {
    return (first - 1) * this.#boxLength;
  }

  #tailAt(first: number): number {
    return (this.#total - first - 1) * this.#boxLength;
  }
}
