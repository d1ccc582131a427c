import { expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

test('is full at its count', () => {
  const inFlight = new InFlight(2, 1000);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(1, 10);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(2, 10);
  expect(inFlight.isFull).toBe(true);
  expect(() => inFlight.add(3, 10)).toThrow('too many appends in flight');
});

test('is full at its bytes, which one message may pass', () => {
  const inFlight = new InFlight(100, 30);
  inFlight.add(1, 29);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(2, 100);
  expect(inFlight.isFull).toBe(true);
  const exact = new InFlight(100, 30);
  exact.add(1, 30);
  expect(exact.isFull).toBe(true);
});

test('what has arrived is off, with its bytes', () => {
  const inFlight = new InFlight(100, 30);
  for (const index of [3, 5, 9]) inFlight.add(index, index);
  inFlight.arrived(2);
  expect(inFlight.count).toBe(3);
  inFlight.arrived(5);
  expect(inFlight.count).toBe(1);
  inFlight.add(10, 20);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(11, 1);
  expect(inFlight.isFull).toBe(true);
  inFlight.arrived(99);
  expect(inFlight.count).toBe(0);
  inFlight.add(12, 29);
  expect(inFlight.isFull).toBe(false);
});

test('a long queue is cut, and goes on', () => {
  const inFlight = new InFlight(600, 600);
  for (let index = 1; index <= 600; index++) inFlight.add(index, 1);
  expect(inFlight.isFull).toBe(true);
  for (const arrived of [255, 256, 257, 300, 590]) {
    inFlight.arrived(arrived);
    expect(inFlight.count).toBe(600 - arrived);
  }
  for (let index = 601; index <= 1190; index++) inFlight.add(index, 1);
  expect(inFlight.isFull).toBe(true);
  inFlight.clear();
  expect(inFlight.count).toBe(0);
  inFlight.add(1, 599);
  expect(inFlight.isFull).toBe(false);
  inFlight.arrived(1);
  inFlight.add(2, 599);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(3, 1);
  expect(inFlight.isFull).toBe(true);
});

test('sizes belong to their messages also after it was empty', () => {
  const inFlight = new InFlight(100, 100);
  inFlight.add(1, 90);
  inFlight.clear();
  inFlight.add(2, 10);
  inFlight.add(3, 40);
  inFlight.arrived(2);
  inFlight.add(4, 59);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(5, 1);
  expect(inFlight.isFull).toBe(true);
});

test('sizes belong to their messages also when a long queue is cut', () => {
  const inFlight = new InFlight(1000, 1_000_000);
  for (let index = 1; index <= 400; index++) inFlight.add(index, index <= 300 ? 1 : 100);
  inFlight.arrived(300);
  inFlight.arrived(399);
  inFlight.add(401, 999_899);
  expect(inFlight.isFull).toBe(false);
  inFlight.add(402, 1);
  expect(inFlight.isFull).toBe(true);
});
