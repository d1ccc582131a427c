import { describe, expect, it } from 'vitest';
import { CParser, Declarations, parseType } from './c-parser.ts';
import { alignmentOf, fieldOf, sizeOf, typeName } from './c-types.ts';

function declared(source: string): Declarations {
  const declarations = new Declarations();
  new CParser(declarations, source).declareAll();
  return declarations;
}

describe('declarations of C', () => {
  it.each([
    ['unsigned', 'unsigned int', 4],
    ['long long unsigned int', 'uint64_t', 8],
    ['char const *', 'const char *', 8],
    ['char *const', 'char *const', 8],
    ['int[2][3]', 'int [2][3]', 24],
    ['int (*)[3]', 'int (*)[3]', 8],
    ['int (*)(int, char *)', 'int (*)()', 8],
    ['void', 'void', null],
    ['double[?]', 'double [?]', null],
  ])('reads %s', (source, name, size) => {
    const type = parseType(new Declarations(), source);
    expect(typeName(type)).toBe(name);
    expect(sizeOf(type)).toBe(size);
  });

  it('lays structures out as x86-64 does', () => {
    const { structures } = declared(
      'struct point { int x; double y; char name[8]; struct { int inner; short last; }; uint64_t big; int bits: 3; unsigned more: 5; };',
    );
    const point = structures.get('point')!;
    const offset = (name: string): number | undefined => fieldOf(point, name)?.offset;
    expect([offset('x'), offset('y'), offset('name'), offset('inner'), offset('last'), offset('big')]).toEqual([
      0, 8, 16, 24, 28, 32,
    ]);
    expect([sizeOf(point), alignmentOf(point)]).toEqual([48, 8]);
    expect(fieldOf(point, 'more')?.bits).toEqual({ start: 3, count: 5 });
    expect(fieldOf(point, 'other')).toBeNull();
  });

  it('keeps constants, types and the names of functions', () => {
    const declarations = declared(
      'enum colour { RED, GREEN = 1 << 2, BLUE }; static const int LIMIT = 0x10 + sizeof(int); typedef struct pair { int a, *b; } pair_t; int getpid(void);',
    );
    expect(Object.fromEntries(declarations.constants)).toEqual({ RED: 0, GREEN: 4, BLUE: 5, LIMIT: 20 });
    expect(sizeOf(parseType(declarations, 'pair_t'))).toBe(16);
    expect([...declarations.functions]).toEqual(['getpid']);
  });

  it.each([
    ['struct nothing', "undeclared or implicit tag 'nothing'"],
    ['nothing', "declaration specifier expected near 'nothing'"],
    ['int x', "'<eof>' expected near 'x'"],
    ['int[', "unexpected symbol near '<eof>'"],
  ])('refuses %s', (source, message) => {
    expect(() => parseType(new Declarations(), source)).toThrow(message);
  });
});
