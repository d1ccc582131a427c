/**
 * What the compiler does not check. Formatting is prettier's, rooms and effects are `scripts/tidy.ts`'s, unused names
 * are the compiler's; type-aware rules only where a slip loses an error or a case.
 */
import tseslint from 'typescript-eslint';

/** The compiler's types make these the longest part of a lint: `eslint.quick.config.js` goes without them. */
export const withTypes = {
  files: ['**/*.ts'],
  languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
  rules: {
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/await-thenable': 'error',
    // With a default, the compiler checks the rest: the default calls `unreachable`.
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    '@typescript-eslint/require-array-sort-compare': 'error',
  },
};

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', 'node_modules/'] },
  ...tseslint.configs.strict,
  {
    rules: {
      eqeqeq: ['error', 'always'],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
      // A switch over bytes and ids reads better with `while (true)` and empty callbacks than with workarounds.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  withTypes,
  {
    files: ['*.config.{js,ts}', '**/*.cjs'],
    languageOptions: { parserOptions: { project: null } },
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/require-array-sort-compare': 'off',
    },
  },
);
