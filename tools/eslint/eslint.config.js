// Rules of the scripts and styles of pages (docs/web.md, docs/office.md). It is run from the
// repository's root.
import css from '@eslint/css';
import a11y from 'eslint-plugin-jsx-a11y';
import ts from 'typescript-eslint';

const scripts = ['web/**/*.{js,mjs,ts,tsx}', 'e2e/web/browser/**/*.ts', 'e2e/ts/*.ts', 'tools/eslint/*.js'];

// What a module may not import, with the reason.
const walls = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const area = { regex: String.raw`^\.\./(?!\.\./)`, message: 'No area of screens imports another, nor what surrounds them: what two of them need is a component.' };
const upwards = { regex: '/screens/', message: 'What screens are made of knows no screen.' };

export default ts.config(
  { ignores: ['**/node_modules/', '**/built/', '**/building/', '**/built-tests/'] },
  {
    files: scripts,
    languageOptions: { parser: ts.parser },
    plugins: { '@typescript-eslint': ts.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'max-lines': ['error', 300],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'CallExpression[callee.name="useEffect"] :matches(AwaitExpression, CallExpression[callee.name=/^(fetch|createClient)$/])', message: 'Nothing is fetched in an effect: use useQuery.' },
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Only a mail’s frame has HTML of others (components/trusted.ts).' },
      ],
    },
  },
  {
    files: ['web/{office,gallery}/**/*.tsx'],
    ...a11y.flatConfigs.strict,
    languageOptions: { parser: ts.parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    // A dialog gives the focus to its first field, by React Aria.
    rules: { ...a11y.flatConfigs.strict.rules, 'jsx-a11y/no-autofocus': ['error', { ignoreNonDOM: true }] },
  },
  { files: ['web/office/screens/*/**/*.{ts,tsx}'], rules: walls(area) },
  { files: ['web/office/{components,form,rpc,session,texts}/**/*.{ts,tsx}'], rules: walls(upwards) },
  {
    files: ['web/**/*.css'],
    plugins: { css },
    language: 'css/css',
    languageOptions: { tolerant: true },
    rules: { 'css/prefer-logical-properties': 'error', 'css/no-duplicate-imports': 'error', 'css/no-important': 'error' },
  },
);
