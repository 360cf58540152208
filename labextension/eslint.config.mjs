import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import hooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import ts from 'typescript-eslint';

/** Floors of the house, ground floor first: a folder may import those to the left of it. */
const forbid = (files, patterns) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: patterns.map(group => ({ group: [group] })) }]
  }
});

export default ts.config(
  { ignores: ['lib', 'node_modules', 'src/protocol.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...ts.configs.strictTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname }
    },
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Signals of Lumino are connected to methods with their object beside them.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', 400],
      complexity: ['error', 10],
      eqeqeq: 'error'
    }
  },
  { files: ['scripts/**', '*.mjs'], languageOptions: { globals: globals.node } },
  forbid(['src/graph/**', 'src/wire.ts'], ['@jupyterlab/*', '**/components/*', '**/panels/*']),
  forbid(
    ['src/api.ts', 'src/kernelChannel.ts', 'src/model.ts'],
    ['**/components/*', '**/panels/*']
  ),
  forbid(['src/components/**'], ['**/api', '**/kernelChannel', '**/panels/*', '**/plugins/*']),
  forbid(['src/panels/**'], ['**/plugins/*']),
  prettier
);
