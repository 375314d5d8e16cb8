// Rules of the scripts and styles of pages (docs/web.md, docs/office.md). It is run from the
// repository's root.
import css from '@eslint/css';
import a11y from 'eslint-plugin-jsx-a11y';
import ts from 'typescript-eslint';

const scripts = ['web/**/*.{js,mjs,ts,tsx}', 'e2e/web/browser/**/*.ts', 'e2e/ts/*.ts', 'tools/eslint/*.js'];

// What a module may not import, with the reason. Selectors have \u002F for a slash, which would end
// their expression.
const area = { regex: String.raw`^\.\./(?!\.\./)|/screens/`, message: 'No area of screens imports another, nor what surrounds them: what two of them need is a component.' };
const upwards = { regex: '/screens/', message: 'What screens are made of knows no screen.' };
const byName = { selector: 'ImportExpression:not([source.type="Literal"])', message: 'A module is imported by its name.' };
const loaded = ({ regex, message }) => ({ selector: `ImportExpression[source.value=/${regex.replaceAll('/', String.raw`\u002F`)}/]`, message });

// What begins something that is answered later.
const effect = String.raw`CallExpression:matches([callee.name=/^use(Layout|Insertion)?Effect$/], [callee.property.name=/^use(Layout|Insertion)?Effect$/])`;
const begins = [
  'AwaitExpression',
  'UnaryExpression[operator="void"]',
  'CallExpression[callee.name=/^(fetch|createClient)$/]',
  'CallExpression[callee.property.name=/^(fetch|fetchQuery|prefetchQuery|ensureQueryData|refetch|mutate|mutateAsync|then)$/]',
];

const syntax = [
  { selector: `${effect} :matches(${begins.join(', ')})`, message: 'Nothing is fetched in an effect: use useQuery.' },
  { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Only a mail’s frame has HTML of others (components/trusted.ts).' },
];

// Texts are in web/messages. Found are letters that stand in an element or in an attribute that is
// read, and sentences anywhere.
const letters = 'value=/[A-Za-z]{2}/';
const filled = 'value.raw=/[A-Za-z]{2}/';
const child = ':matches(JSXElement, JSXFragment) > JSXExpressionContainer';
const attribute = 'JSXAttribute[name.name=/^(label|title|placeholder|text|help|alt|summary|aria-label|aria-description|aria-roledescription|aria-valuetext)$/]';
const texts = [
  `JSXText[${letters}]`,
  ...[`${child}`, `${child} > :matches(ConditionalExpression, LogicalExpression)`, attribute, `${attribute} > JSXExpressionContainer`, `${attribute} > JSXExpressionContainer > :matches(ConditionalExpression, LogicalExpression)`]
    .flatMap((within) => [`${within} > Literal[${letters}]`, `${within} > TemplateLiteral > TemplateElement[${filled}]`]),
  'Literal[value=/^[A-Z][a-zäöü]+ [a-z]/]',
  'TemplateElement[value.raw=/^[A-Z][a-zäöü]+ [a-z]/]',
].map((selector) => ({ selector, message: 'Texts are in web/messages: say("…").' }));

// The last of these that names a file decides on its syntax, so each states all of it.
const office = (...more) => ({ 'no-restricted-syntax': ['error', ...syntax, byName, ...more] });
const walls = (pattern) => ({ 'no-restricted-imports': ['error', { patterns: [pattern] }], ...office(...texts, loaded(pattern)) });

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
      'no-restricted-syntax': ['error', ...syntax],
    },
  },
  {
    files: ['web/{office,gallery}/**/*.tsx'],
    ...a11y.flatConfigs.strict,
    languageOptions: { parser: ts.parser, parserOptions: { ecmaFeatures: { jsx: true } } },
    // A dialog gives the focus to its first field, by React Aria.
    rules: { ...a11y.flatConfigs.strict.rules, 'jsx-a11y/no-autofocus': ['error', { ignoreNonDOM: true }] },
  },
  { files: ['web/office/**/*.{ts,tsx}'], rules: office(...texts) },
  { files: ['web/office/screens/*/**/*.{ts,tsx}'], rules: walls(area) },
  { files: ['web/office/{components,form,rpc,session,texts}/**/*.{ts,tsx}'], rules: walls(upwards) },
  { files: ['web/office/**/*.test.ts'], rules: office() },
  {
    files: ['web/**/*.css'],
    plugins: { css },
    language: 'css/css',
    languageOptions: { tolerant: true },
    rules: { 'css/prefer-logical-properties': 'error', 'css/no-duplicate-imports': 'error', 'css/no-important': 'error' },
  },
);
